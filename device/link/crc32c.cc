#include "device/link/crc32c.h"

namespace shoal {
namespace {

// Four tables, so that four bytes are one step of independent look-ups.
struct Tables {
  uint32_t of[4][256];
};

constexpr Tables make_tables() {
  Tables t{};
  for (uint32_t i = 0; i < 256; ++i) {
    uint32_t v = i;
    for (int bit = 0; bit < 8; ++bit) v = v >> 1 ^ (v & 1 ? 0x82F63B78u : 0u);
    t.of[0][i] = v;
  }
  for (uint32_t i = 0; i < 256; ++i) {
    for (int k = 1; k < 4; ++k) {
      const uint32_t v = t.of[k - 1][i];
      t.of[k][i] = v >> 8 ^ t.of[0][v & 255];
    }
  }
  return t;
}

constexpr Tables kTables = make_tables();

}  // namespace

uint32_t crc32c_portable(uint32_t start, const uint8_t* bytes, uint32_t count) {
  const auto& of = kTables.of;
  uint32_t crc = ~start;
  for (; count >= 4; bytes += 4, count -= 4) {
    crc ^= static_cast<uint32_t>(bytes[0]) |
           static_cast<uint32_t>(bytes[1]) << 8 |
           static_cast<uint32_t>(bytes[2]) << 16 |
           static_cast<uint32_t>(bytes[3]) << 24;
    crc = of[3][crc & 255] ^ of[2][crc >> 8 & 255] ^ of[1][crc >> 16 & 255] ^
          of[0][crc >> 24];
  }
  for (; count > 0; ++bytes, --count) {
    crc = crc >> 8 ^ of[0][(crc ^ *bytes) & 255];
  }
  return ~crc;
}

uint32_t crc32c(uint32_t start, const uint8_t* bytes, uint32_t count) {
#if defined(__x86_64__)
  static const bool hardware = has_sse42();
  if (hardware) return crc32c_sse42(start, bytes, count);
#endif
  return crc32c_portable(start, bytes, count);
}

}  // namespace shoal
