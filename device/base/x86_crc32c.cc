#include "device/base/crc32c.h"

#if defined(__x86_64__)

#include <nmmintrin.h>

#include <cstring>

namespace shoal {

bool has_sse42() { return __builtin_cpu_supports("sse4.2"); }

__attribute__((target("sse4.2"))) uint32_t crc32c_sse42(uint32_t start,
                                                        const uint8_t* bytes,
                                                        uint32_t count) {
  uint64_t crc = ~start;
  for (; count >= 8; bytes += 8, count -= 8) {
    uint64_t word;
    std::memcpy(&word, bytes, 8);
    crc = _mm_crc32_u64(crc, word);
  }
  uint32_t rest = static_cast<uint32_t>(crc);
  for (; count > 0; ++bytes, --count) rest = _mm_crc32_u8(rest, *bytes);
  return ~rest;
}

}  // namespace shoal

#endif
