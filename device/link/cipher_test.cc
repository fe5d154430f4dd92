#include "device/link/cipher.h"

#include <gtest/gtest.h>

#include <cstring>
#include <string>
#include <vector>

#include "device/base/crc32c.h"

namespace shoal {
namespace {

using Bytes = std::vector<uint8_t>;

uint32_t crc(const Bytes& b) {
  return crc32c(0, b.data(), static_cast<uint32_t>(b.size()));
}

// Key, head and text of RFC 8439, 2.8.2; its nonce cannot be ours (packet
// number, then zeros), so ciphertext and tag come from a separate
// implementation that gives the RFC's own answer for the RFC's nonce.
TEST(Chacha20Poly1305, KnownAnswer) {
  uint8_t key[kKeyBytes];
  for (uint32_t i = 0; i < kKeyBytes; ++i) key[i] = uint8_t(0x80 + i);
  const uint8_t head[] = {0x50, 0x51, 0x52, 0x53, 0xc0, 0xc1,
                          0xc2, 0xc3, 0xc4, 0xc5, 0xc6, 0xc7};
  const std::string text =
      "Ladies and Gentlemen of the class of '99: If I could offer you only one "
      "tip for the future, sunscreen would be it.";
  const uint8_t first[] = {0xb2, 0x55, 0x46, 0xd3, 0x09, 0xa4, 0x59, 0x6d,
                           0xdf, 0x9d, 0xef, 0xf1, 0xcb, 0xf7, 0xdd, 0x14};
  const uint8_t tag[] = {0xa1, 0xee, 0xcc, 0xab, 0xc5, 0x64, 0x66, 0xcf,
                         0x85, 0x50, 0x5a, 0x7b, 0xea, 0x8b, 0x9a, 0x65};
  const shoal_cipher& cipher = chacha20_poly1305();
  ASSERT_EQ(cipher.tag_bytes, sizeof tag);
  Bytes data(text.begin(), text.end());
  const auto size = static_cast<uint32_t>(text.size());
  data.resize(text.size() + sizeof tag);
  const uint64_t packet = 0x0123456789ABCDEF;
  ASSERT_EQ(cipher.seal(key, packet, head, sizeof head, data.data(), size), 0);
  EXPECT_EQ(std::memcmp(data.data(), first, sizeof first), 0);
  EXPECT_EQ(std::memcmp(data.data() + size, tag, sizeof tag), 0);
  ASSERT_EQ(cipher.open(key, packet, head, sizeof head, data.data(), size), 0);
  EXPECT_EQ(std::string(data.begin(), data.begin() + size), text);
}

// The sum of number (little-endian), head and data, by the instruction's own
// definition above.
TEST(ChecksumOnly, KnownAnswer) {
  const uint8_t head[] = {'8', '9'};
  Bytes data = {'a', 'b', 'c', 0, 0, 0, 0};
  ASSERT_EQ(checksum_only().tag_bytes, 4u);
  ASSERT_EQ(checksum_only().seal(nullptr, 0x3837363534333231, head, 2,
                                 data.data(), 3),
            0);
  const std::string all = "1234567889abc";
  const uint32_t sum = crc(Bytes(all.begin(), all.end()));
  for (int i = 0; i < 4; ++i) {
    EXPECT_EQ(data[static_cast<size_t>(3 + i)], uint8_t(sum >> (8 * i)));
  }
}

TEST(Ciphers, WhatWasChangedIsNotOpened) {
  uint8_t key[kKeyBytes] = {1};
  for (const shoal_cipher* cipher : {&chacha20_poly1305(), &checksum_only()}) {
    Bytes head(12, 3), data(20, 9);
    data.resize(20 + cipher->tag_bytes);
    ASSERT_EQ(cipher->seal(key, 77, head.data(), 12, data.data(), 20), 0);
    const auto opens = [&](uint64_t packet, const Bytes& h, Bytes d,
                           uint32_t bytes) {
      return cipher->open(key, packet, h.data(), 12, d.data(), bytes) == 0;
    };
    EXPECT_TRUE(opens(77, head, data, 20));
    EXPECT_FALSE(opens(78, head, data, 20));
    EXPECT_FALSE(opens(77 + (uint64_t{1} << 32), head, data, 20));
    EXPECT_FALSE(opens(77, head, data, 19));
    for (size_t i = 0; i < data.size(); ++i) {
      Bytes wrong = data;
      wrong[i] ^= 4;
      EXPECT_FALSE(opens(77, head, wrong, 20)) << i;
    }
    for (size_t i = 0; i < head.size(); ++i) {
      Bytes wrong = head;
      wrong[i] ^= 4;
      EXPECT_FALSE(opens(77, wrong, data, 20)) << i;
    }
  }
}

TEST(Ciphers, AnotherKeyDoesNotOpen) {
  const uint8_t key[kKeyBytes] = {1}, other[kKeyBytes] = {2};
  Bytes data(4 + 16, 9);
  const shoal_cipher& cipher = chacha20_poly1305();
  ASSERT_EQ(cipher.seal(key, 1, "head", 4, data.data(), 4), 0);
  EXPECT_NE(cipher.open(other, 1, "head", 4, data.data(), 4), 0);
}

}  // namespace
}  // namespace shoal
