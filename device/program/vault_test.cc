#include "device/program/vault.h"

#include <gtest/gtest.h>

#include <cstring>
#include <random>
#include <string>
#include <vector>

#include "device/keys/hmac.h"
#include "device/keys/store_key.h"
#include "device/link/cipher.h"

namespace shoal {
namespace {

std::string hex(const uint8_t* bytes, size_t count) {
  std::string text;
  for (size_t i = 0; i < count; ++i) {
    constexpr char kDigits[] = "0123456789abcdef";
    text += kDigits[bytes[i] >> 4];
    text += kDigits[bytes[i] & 15];
  }
  return text;
}

// RFC 4231, test cases 1 and 2.
TEST(Hmac, PublishedResults) {
  uint8_t out[32], key[20];
  std::memset(key, 0x0B, sizeof key);
  hmac_sha256(key, 20, reinterpret_cast<const uint8_t*>("Hi There"), 8, out);
  EXPECT_EQ(hex(out, 32),
            "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7");
  const char* text = "what do ya want for nothing?";
  hmac_sha256(reinterpret_cast<const uint8_t*>("Jefe"), 4,
              reinterpret_cast<const uint8_t*>(text), 28, out);
  EXPECT_EQ(hex(out, 32),
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
}

TEST(Vault, KeyOfAStore) {
  uint8_t node_key[32], id[16], key[32], other[32];
  for (int i = 0; i < 32; ++i) node_key[i] = static_cast<uint8_t>(i);
  for (int i = 0; i < 16; ++i) id[i] = static_cast<uint8_t>(0xF0 + i);
  derive_store_key(node_key, id, 0x1122334401020304, 0x0506, key);
  // Computed by another implementation of HKDF (RFC 5869).
  EXPECT_EQ(hex(key, 32),
            "ebc1aa2dc89c6408b45965dc078e05c529e3eeea3094225a0f194c01c0410823");
  const auto differs = [&] { return std::memcmp(key, other, 32) != 0; };
  derive_store_key(node_key, id, 0x1122334401020305, 0x0506, other);
  EXPECT_TRUE(differs());
  derive_store_key(node_key, id, 0x1122334401020304, 0x0507, other);
  EXPECT_TRUE(differs());
  derive_store_key(node_key, id, 0x0122334401020304, 0x0506, other);
  EXPECT_TRUE(differs());
  id[15] ^= 1;
  derive_store_key(node_key, id, 0x1122334401020304, 0x0506, other);
  EXPECT_TRUE(differs());
  id[15] ^= 1, node_key[31] ^= 1;
  derive_store_key(node_key, id, 0x1122334401020304, 0x0506, other);
  EXPECT_TRUE(differs());
}

struct Sealed {
  explicit Sealed(uint32_t length, unsigned seed = 1) : plain(length) {
    std::mt19937 random(seed);
    for (uint8_t& b : plain) b = static_cast<uint8_t>(random());
    for (uint8_t& b : key) b = static_cast<uint8_t>(random());
    bytes = plain;
    bytes.resize(length + kTagBytes);
  }
  uint32_t length() const { return static_cast<uint32_t>(plain.size()); }
  std::vector<uint8_t> plain, bytes;
  uint8_t key[32];
};

TEST(Vault, ChunksOpenAtTheirAddressAlone) {
  for (const uint32_t length : {0u, 1u, 16u, 77u, 4096u}) {
    Sealed s(length);
    const shoal_cipher& c = chacha20_poly1305();
    ASSERT_TRUE(seal_chunk(c, s.key, 640, s.bytes.data(), length));
    if (length > 8) {
      EXPECT_NE(std::memcmp(s.bytes.data(), s.plain.data(), 8), 0);
    }
    std::vector<uint8_t> copy = s.bytes;
    EXPECT_FALSE(open_chunk(c, s.key, 656, copy.data(), length));
    copy = s.bytes;
    uint8_t other[32];
    std::memcpy(other, s.key, 32);
    other[7] ^= 8;
    EXPECT_FALSE(open_chunk(c, other, 640, copy.data(), length));
    if (length > 0) {
      copy = s.bytes;
      EXPECT_FALSE(open_chunk(c, s.key, 640, copy.data(), length - 1));
    }
    copy = s.bytes;
    // A record at the same address is something else.
    EXPECT_FALSE(
        record_is_genuine(c, s.key, TagKind::kStage, 640, copy.data(), length));
    ASSERT_TRUE(open_chunk(c, s.key, 640, copy.data(), length));
    copy.resize(length);
    EXPECT_EQ(copy, s.plain);
  }
}

TEST(Vault, EveryFlippedByteOfAChunkOrRecord) {
  Sealed chunk(200), record(200);
  const shoal_cipher& c = chacha20_poly1305();
  ASSERT_TRUE(seal_chunk(c, chunk.key, 32, chunk.bytes.data(), 200));
  ASSERT_TRUE(seal_record(c, record.key, TagKind::kStage, 32,
                          record.bytes.data(), 200));
  EXPECT_TRUE(std::equal(record.plain.begin(), record.plain.end(),
                         record.bytes.begin()))
      << "a record stays readable";
  EXPECT_TRUE(record_is_genuine(c, record.key, TagKind::kStage, 32,
                                record.bytes.data(), 200));
  for (uint32_t at = 0; at < 216; ++at) {
    const auto bit = static_cast<uint8_t>(1u << at % 8);
    std::vector<uint8_t> bad = chunk.bytes;
    bad[at] ^= bit;
    EXPECT_FALSE(open_chunk(c, chunk.key, 32, bad.data(), 200)) << at;
    bad = record.bytes;
    bad[at] ^= bit;
    EXPECT_FALSE(
        record_is_genuine(c, record.key, TagKind::kStage, 32, bad.data(), 200))
        << at;
  }
  EXPECT_FALSE(record_is_genuine(c, record.key, TagKind::kHead, 32,
                                 record.bytes.data(), 200));
}

TEST(Vault, CiphersWithOtherTagsAreRefused) {
  Sealed s(64);
  const shoal_cipher& c = checksum_only();
  EXPECT_FALSE(seal_chunk(c, s.key, 0, s.bytes.data(), 32));
  EXPECT_FALSE(open_chunk(c, s.key, 0, s.bytes.data(), 32));
  EXPECT_FALSE(seal_record(c, s.key, TagKind::kHead, 0, s.bytes.data(), 32));
  EXPECT_FALSE(
      record_is_genuine(c, s.key, TagKind::kHead, 0, s.bytes.data(), 32));
}

}  // namespace
}  // namespace shoal
