#include "device/base/crc32c.h"

#include <cstring>

namespace shoal {
namespace {

struct CrcTable {
  uint32_t of[256];
};

constexpr CrcTable make_table() {
  CrcTable t{};
  for (uint32_t i = 0; i < 256; ++i) {
    uint32_t v = i;
    for (int bit = 0; bit < 8; ++bit) v = v >> 1 ^ (v & 1 ? 0x82F63B78u : 0u);
    t.of[i] = v;
  }
  return t;
}

constexpr CrcTable kTable = make_table();

inline uint32_t step(uint32_t crc) { return crc >> 8 ^ kTable.of[crc & 255]; }

inline uint32_t add_byte(uint32_t crc, uint8_t byte) {
  return step(crc ^ byte);
}

}  // namespace

// Tables for whole words would need 4 KB of flash and save a microcontroller
// one instruction in sixteen.
uint32_t crc32c_portable(uint32_t start, const uint8_t* bytes, uint32_t count) {
  static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__);
  uint32_t crc = ~start;
  for (; count > 0 && reinterpret_cast<uintptr_t>(bytes) % 4 != 0; --count) {
    crc = add_byte(crc, *bytes++);
  }
  for (; count >= 4; bytes += 4, count -= 4) {
    uint32_t word;
    std::memcpy(&word, __builtin_assume_aligned(bytes, 4), 4);
    crc = step(step(step(step(crc ^ word))));
  }
  for (; count > 0; --count) crc = add_byte(crc, *bytes++);
  return ~crc;
}

uint32_t crc32c(uint32_t start, const uint8_t* bytes, uint32_t count) {
#if defined(__x86_64__) && !defined(SHOAL_WITHOUT_X86_KERNELS)
  if (has_sse42()) return crc32c_sse42(start, bytes, count);
#endif
  return crc32c_portable(start, bytes, count);
}

}  // namespace shoal
