#include "boards/node/entropy.h"

#include <cstring>

#include "device/base/wipe.h"

namespace shoal {

void Entropy::start(const uint8_t (&seed)[32]) {
  std::memcpy(seed_, seed, sizeof seed_);
  mbedtls_ctr_drbg_init(&generator_);
  mbedtls_ctr_drbg_set_entropy_len(&generator_, sizeof seed_);
  mbedtls_ctr_drbg_set_nonce_len(&generator_, 0);
  // There is no more than the seed; SP 800-90A permits 2^48 draws from it.
  mbedtls_ctr_drbg_set_reseed_interval(&generator_, INT32_MAX);
  started_ =
      mbedtls_ctr_drbg_seed(&generator_, give_seed, this, nullptr, 0) == 0;
  wipe(seed_, sizeof seed_);
}

int Entropy::give_seed(void* self, unsigned char* out, size_t bytes) {
  auto& entropy = *static_cast<Entropy*>(self);
  if (entropy.started_ || bytes > sizeof entropy.seed_) return -1;
  std::memcpy(out, entropy.seed_, bytes);
  return 0;
}

bool Entropy::draw(void* out, uint32_t bytes) {
  auto* at = static_cast<uint8_t*>(out);
  while (started_ && bytes > 0) {
    const uint32_t n = bytes < MBEDTLS_CTR_DRBG_MAX_REQUEST
                           ? bytes
                           : MBEDTLS_CTR_DRBG_MAX_REQUEST;
    if (mbedtls_ctr_drbg_random(&generator_, at, n) != 0) return false;
    at += n, bytes -= n;
  }
  return started_;
}

}  // namespace shoal
