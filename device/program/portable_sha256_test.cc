#include "device/program/portable_sha256.h"

#include <gtest/gtest.h>
#include <mbedtls/sha256.h>

#include <cstdio>
#include <cstring>
#include <random>
#include <string>
#include <vector>

namespace shoal {
namespace {

std::string hex(const uint8_t* digest) {
  std::string text;
  for (int i = 0; i < 32; ++i) {
    char two[3];
    std::snprintf(two, sizeof two, "%02x", digest[i]);
    text += two;
  }
  return text;
}

// FIPS 180-4, appendix B.
TEST(PortableSha256, PublishedVector) {
  PortableSha256 sha;
  sha.add(reinterpret_cast<const uint8_t*>("abc"), 3);
  uint8_t digest[32];
  ASSERT_TRUE(sha.finish(digest));
  EXPECT_EQ(hex(digest),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

TEST(PortableSha256, IsMbedTlssForEveryLengthAndInPieces) {
  std::mt19937 random(1);
  std::vector<uint8_t> bytes(4096);
  for (uint8_t& b : bytes) b = static_cast<uint8_t>(random());
  for (size_t length = 0; length < 400; ++length) {
    const size_t all = length < 300 ? length : random() % bytes.size();
    uint8_t expected[32], got[32];
    ASSERT_EQ(mbedtls_sha256_ret(bytes.data(), all, expected, 0), 0);
    PortableSha256 sha;
    for (size_t at = 0; at < all;) {
      const size_t n = std::min<size_t>(all - at, random() % 150);
      sha.add(bytes.data() + at, n);
      at += n;
    }
    ASSERT_TRUE(sha.finish(got));
    EXPECT_EQ(hex(got), hex(expected)) << all;
  }
}

}  // namespace
}  // namespace shoal
