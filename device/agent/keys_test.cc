#include "device/agent/keys.h"

#include <gtest/gtest.h>
#include <mbedtls/hkdf.h>

#include <vector>

namespace shoal {
namespace {

using Bytes = std::vector<uint8_t>;

Bytes expand(const Bytes& salt, const Bytes& key, const std::string& label) {
  Bytes out(32);
  EXPECT_EQ(mbedtls_hkdf(mbedtls_md_info_from_type(MBEDTLS_MD_SHA256),
                         salt.data(), salt.size(), key.data(), key.size(),
                         reinterpret_cast<const uint8_t*>(label.data()),
                         label.size(), out.data(), out.size()),
            0);
  return out;
}

TEST(Keys, HmacOfRfc4231) {
  const Bytes key(20, 0x0b);
  const std::string data = "Hi There";
  uint8_t mac[kHmacBytes];
  hmac_sha256(key.data(), 20, reinterpret_cast<const uint8_t*>(data.data()), 8,
              mac);
  const Bytes head(mac, mac + 8);
  EXPECT_EQ(head, (Bytes{0xb0, 0x34, 0x4c, 0x61, 0xd8, 0xdb, 0x38, 0x53}));
}

TEST(Keys, SessionKeysAreHkdf) {
  const Bytes key(32, 5);
  Bytes salt(32);
  for (uint8_t i = 0; i < 32; ++i) salt[i] = i;
  const SessionKeys k =
      session_keys(key.data(), salt.data(), salt.data() + kNonceBytes);
  EXPECT_EQ(Bytes(k.to_node, k.to_node + 32),
            expand(salt, key, "shoal to node"));
  EXPECT_EQ(Bytes(k.to_coordinator, k.to_coordinator + 32),
            expand(salt, key, "shoal to coordinator"));
}

TEST(Keys, DataKeysDifferByDirectionEpochAndPair) {
  const Bytes secret(32, 9);
  uint8_t a[32], b[32];
  data_key(secret.data(), 1, 2, 3, a);
  data_key(secret.data(), 1, 2, 3, b);
  EXPECT_TRUE(equal_bytes(a, b, 32));
  data_key(secret.data(), 1, 3, 2, b);
  EXPECT_FALSE(equal_bytes(a, b, 32));
  data_key(secret.data(), 2, 2, 3, b);
  EXPECT_FALSE(equal_bytes(a, b, 32));
}

TEST(Keys, TheWindowTakesEachPacketOnce) {
  ReplayWindow w;
  for (const uint32_t packet : {0u, 5u, 3u, 68u, 6u}) {
    EXPECT_TRUE(w.fresh(packet)) << packet;
    w.note(packet);
    EXPECT_FALSE(w.fresh(packet)) << packet;
  }
  EXPECT_FALSE(w.fresh(4));  // too old to know
  EXPECT_TRUE(w.fresh(7));
  EXPECT_FALSE(w.fresh(0xFFFFFFFF));
  w.note(1000);
  EXPECT_FALSE(w.fresh(68));
  EXPECT_TRUE(w.fresh(999));
}

}  // namespace
}  // namespace shoal
