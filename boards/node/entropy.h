// Unpredictable bytes from a seed that a board was given, for boards without a
// source of their own: CTR_DRBG of Mbed TLS (NIST SP 800-90A).
#pragma once

#include <mbedtls/ctr_drbg.h>

#include <cstdint>

namespace shoal {

class Entropy {
 public:
  // Starts from a seed that no other start has used. The seed determines all
  // that is drawn.
  void start(const uint8_t (&seed)[32]);
  bool draw(void* out, uint32_t bytes);

 private:
  static int give_seed(void* self, unsigned char* out, size_t bytes);

  mbedtls_ctr_drbg_context generator_{};
  uint8_t seed_[32]{};
  bool started_ = false;
};

}  // namespace shoal
