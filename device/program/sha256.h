// SHA-256 over bytes that come in pieces. No heap; about 120 bytes.
#pragma once

#if defined(SHOAL_WITHOUT_MBEDTLS)
#include "device/program/portable_sha256.h"

namespace shoal {
using Sha256 = PortableSha256;
}
#else
#include "device/program/mbedtls.h"

namespace shoal {

// The software implementation cannot fail; its int results are for hardware
// engines.
class Sha256 {
 public:
  Sha256() {
    mbedtls_sha256_init(&context_);
    ok_ = mbedtls::sha256_starts(&context_) == 0;
  }
  ~Sha256() { mbedtls_sha256_free(&context_); }
  Sha256(const Sha256&) = delete;
  Sha256& operator=(const Sha256&) = delete;

  void add(const uint8_t* bytes, size_t length) {
    ok_ = ok_ && mbedtls::sha256_update(&context_, bytes, length) == 0;
  }
  bool finish(uint8_t digest[32]) {
    return ok_ && mbedtls::sha256_finish(&context_, digest) == 0;
  }

 private:
  mbedtls_sha256_context context_;
  bool ok_ = false;
};

}  // namespace shoal

#endif
