#include "device/base/word_sums.h"

#include <gtest/gtest.h>

#include <cstring>
#include <random>
#include <vector>

namespace shoal {
namespace {

using Bytes = std::vector<uint8_t>;

WordSums sums(const Bytes& b) {
  WordSums s;
  add_words(s, b.data(), static_cast<uint32_t>(b.size()));
  return s;
}

Bytes noise(size_t count, unsigned seed) {
  std::mt19937 random(seed);
  Bytes b(count);
  for (uint8_t& byte : b) byte = static_cast<uint8_t>(random());
  return b;
}

void flip(Bytes& b, size_t bit) {
  b[bit / 8] = static_cast<uint8_t>(b[bit / 8] ^ 1u << bit % 8);
}

TEST(WordSums, KnownAnswers) {
  EXPECT_EQ(sums({}), WordSums{});
  EXPECT_EQ(sums({1}), (WordSums{1, 1, 1}));
  // 0x04030201 and 0x0605: three sums by hand.
  EXPECT_EQ(sums({1, 2, 3, 4, 5, 6}),
            (WordSums{0x04030201u ^ 0x0605u, 0x04030201u + 0x0605u,
                      2 * uint64_t{0x04030201} + 0x0605}));
  EXPECT_EQ(sums(Bytes(12, 0xFF)),
            (WordSums{0xFFFFFFFF, 3 * uint64_t{0xFFFFFFFF},
                      6 * uint64_t{0xFFFFFFFF}}));
}

TEST(WordSums, EveryAlignmentAndEveryCutGivesTheSame) {
  const Bytes b = noise(150, 1);
  for (size_t n = 0; n <= 140; ++n) {
    const Bytes part(b.begin(), b.begin() + static_cast<ptrdiff_t>(n));
    const WordSums whole = sums(part);
    for (size_t shift = 1; shift < 4; ++shift) {
      Bytes moved(n + shift);
      std::memcpy(moved.data() + shift, part.data(), n);
      WordSums s;
      add_words(s, moved.data() + shift, static_cast<uint32_t>(n));
      EXPECT_EQ(s, whole) << n << " " << shift;
    }
    for (uint32_t cut = 0; cut <= n; cut += 4) {
      WordSums s;
      add_words(s, part.data(), cut);
      add_words(s, part.data() + cut, static_cast<uint32_t>(n) - cut);
      EXPECT_EQ(s, whole) << n << " " << cut;
    }
  }
}

TEST(WordSums, OneAndTwoWrongBitsAreFound) {
  Bytes b = noise(64, 2);
  const WordSums right = sums(b);
  for (size_t i = 0; i < 8 * b.size(); ++i) {
    flip(b, i);
    EXPECT_NE(sums(b), right) << i;
    for (size_t j = 0; j < i; ++j) {
      flip(b, j);
      EXPECT_NE(sums(b), right) << i << " " << j;
      flip(b, j);
    }
    flip(b, i);
  }
}

TEST(WordSums, ABurstIsFound) {
  Bytes b = noise(24, 3);
  const WordSums right = sums(b);
  std::mt19937 random(4);
  for (size_t begin = 0; begin + 32 <= 8 * b.size(); ++begin) {
    for (int pattern = 0; pattern < 200; ++pattern) {
      Bytes wrong = b;
      const uint32_t bits = static_cast<uint32_t>(random()) | 1;
      for (size_t i = 0; i < 32; ++i) {
        if (bits >> i & 1) flip(wrong, begin + i);
      }
      EXPECT_NE(sums(wrong), right) << begin << " " << bits;
    }
  }
}

// Flash that loses charge, a line that is stuck, sectors of 0 or 0xFF.
TEST(WordSums, BitsThatAllChangeTheSameWayAreFound) {
  const Bytes b = noise(4096, 5);
  const WordSums right = sums(b);
  std::mt19937 random(6);
  for (int round = 0; round < 500; ++round) {
    Bytes fewer = b, more = b;
    const unsigned rarity = 1 + round % 64;
    for (size_t i = 0; i < b.size(); ++i) {
      const auto bit = static_cast<uint8_t>(1u << random() % 8);
      if (random() % rarity) continue;
      fewer[i] = static_cast<uint8_t>(fewer[i] & ~bit);
      more[i] = static_cast<uint8_t>(more[i] | bit);
    }
    if (fewer != b) {
      EXPECT_NE(sums(fewer), right) << round;
    }
    if (more != b) {
      EXPECT_NE(sums(more), right) << round;
    }
  }
}

TEST(WordSums, PlacesCount) {
  Bytes b = noise(2048, 7);
  const WordSums right = sums(b);
  for (size_t i = 0; i + 1024 <= b.size(); i += 512) {
    Bytes swapped = b;
    std::swap_ranges(swapped.begin() + static_cast<ptrdiff_t>(i),
                     swapped.begin() + static_cast<ptrdiff_t>(i) + 512,
                     swapped.begin() + static_cast<ptrdiff_t>(i) + 512);
    EXPECT_NE(sums(swapped), right) << i;
  }
  EXPECT_NE(sums(Bytes(8, 0)), sums(Bytes{0, 0, 0, 0, 0, 0, 0, 1}));
}

}  // namespace
}  // namespace shoal
