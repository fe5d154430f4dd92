#include "device/base/crc32c.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace shoal {
namespace {

using Bytes = std::vector<uint8_t>;

uint32_t crc(const Bytes& b) {
  return crc32c(0, b.data(), static_cast<uint32_t>(b.size()));
}

// RFC 3720, B.4, and the usual check value.
TEST(Crc32c, KnownAnswers) {
  const std::string digits = "123456789";
  EXPECT_EQ(crc(Bytes(digits.begin(), digits.end())), 0xE3069283u);
  EXPECT_EQ(crc(Bytes(32, 0)), 0x8A9136AAu);
  EXPECT_EQ(crc(Bytes(32, 0xFF)), 0x62A8AB43u);
  EXPECT_EQ(crc({}), 0u);
}

TEST(Crc32c, EveryPathAndEveryCutGivesTheSame) {
  Bytes b(70);
  for (size_t i = 0; i < b.size(); ++i) b[i] = static_cast<uint8_t>(i * 73 + 5);
  for (uint32_t n = 0; n <= b.size(); ++n) {
    const uint32_t whole = crc32c_portable(0, b.data(), n);
    EXPECT_EQ(crc32c(0, b.data(), n), whole);
#if defined(__x86_64__)
    if (has_sse42()) {
      EXPECT_EQ(crc32c_sse42(0, b.data(), n), whole);
    }
#endif
    // Parts begin at every place between two words.
    for (uint32_t cut = 0; cut <= n; ++cut) {
      const uint32_t part = crc32c(0, b.data(), cut);
      EXPECT_EQ(crc32c_portable(part, b.data() + cut, n - cut), whole);
    }
  }
}

}  // namespace
}  // namespace shoal
