#include "device/program/hmac.h"

#include <mbedtls/platform_util.h>
#include <mbedtls/sha256.h>

#include <cstring>

namespace shoal {
namespace {

constexpr uint32_t kBlockBytes = 64;

// The software implementation cannot fail; its int results are for hardware
// engines.
void hash_two(const uint8_t* a, uint32_t a_bytes, const uint8_t* b,
              uint32_t b_bytes, uint8_t out[kHmacBytes]) {
  mbedtls_sha256_context context;
  mbedtls_sha256_init(&context);
  const bool ok = mbedtls_sha256_starts_ret(&context, 0) == 0 &&
                  mbedtls_sha256_update_ret(&context, a, a_bytes) == 0 &&
                  mbedtls_sha256_update_ret(&context, b, b_bytes) == 0 &&
                  mbedtls_sha256_finish_ret(&context, out) == 0;
  if (!ok) std::memset(out, 0, kHmacBytes);
  mbedtls_sha256_free(&context);
}

}  // namespace

void hmac_sha256(const uint8_t* key, uint32_t key_bytes, const uint8_t* data,
                 uint32_t bytes, uint8_t out[kHmacBytes]) {
  uint8_t pad[kBlockBytes] = {};
  std::memcpy(pad, key, key_bytes < kBlockBytes ? key_bytes : kBlockBytes);
  for (uint8_t& b : pad) b ^= 0x36;
  uint8_t inner[kHmacBytes];
  hash_two(pad, kBlockBytes, data, bytes, inner);
  for (uint8_t& b : pad) b ^= 0x36 ^ 0x5C;
  hash_two(pad, kBlockBytes, inner, kHmacBytes, out);
  mbedtls_platform_zeroize(pad, sizeof pad);
}

}  // namespace shoal
