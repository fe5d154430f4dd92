#include "device/agent/keys.h"

#include <gtest/gtest.h>
#include <mbedtls/hkdf.h>

#include <set>
#include <string>
#include <vector>

#include "device/agent/phases.h"

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

class Phases : public testing::Test {
 protected:
  void SetUp() override {
    sender_.begin(key_.data(), 0);
    receiver_.begin(key_.data());
  }
  Bytes seal(uint64_t now = 0) {
    SessionHead h{Kind::kSession, kSessionVersion, 0, 7, 0};
    EXPECT_TRUE(sender_.next(limits_, now, h.phase, h.packet));
    Bytes d(sizeof h + 3 + kTagBytes);
    std::memcpy(d.data(), &h, sizeof h);
    EXPECT_EQ(chacha20_poly1305().seal(sender_.key(), session_nonce(h.packet),
                                       d.data(), sizeof h, &d[sizeof h], 3),
              0);
    return d;
  }
  ReceivePhases::Opened open(Bytes d) {
    SessionHead h;
    std::memcpy(&h, d.data(), sizeof h);
    return receiver_.open(chacha20_poly1305(), h, d.data(), 3);
  }

  using Opened = ReceivePhases::Opened;
  const Bytes key_ = Bytes(kKeyBytes, 5);
  KeyLimits limits_{4, 1000};
  SendPhases sender_;
  ReceivePhases receiver_;
};

TEST_F(Phases, AKeyLastsForSoManyPacketsOrSoLong) {
  std::set<Bytes> keys;
  for (int i = 0; i < 40; ++i) {
    const Bytes d = seal();
    keys.insert(Bytes(sender_.key(), sender_.key() + kKeyBytes));
    EXPECT_EQ(open(d), Opened::kOk) << i;
    EXPECT_EQ(open(d), Opened::kReplayed) << i;
  }
  EXPECT_EQ(keys.size(), 10u);
  EXPECT_EQ(receiver_.phase(), 9);
  EXPECT_EQ(open(seal(999)), Opened::kOk);
  EXPECT_EQ(receiver_.phase(), 10);
  EXPECT_EQ(open(seal(999)), Opened::kOk);
  EXPECT_EQ(receiver_.phase(), 10);
  EXPECT_EQ(open(seal(5000)), Opened::kOk);
  EXPECT_EQ(receiver_.phase(), 11);
}

TEST_F(Phases, WhatIsOfAnotherPhaseIsDropped) {
  const Bytes late = seal();
  for (int i = 0; i < 3; ++i) EXPECT_EQ(open(seal()), Opened::kOk);
  const Bytes next = seal();
  for (size_t i = 0; i < next.size(); ++i) {
    Bytes bad = next;
    bad[i] ^= 1;
    EXPECT_NE(open(bad), Opened::kOk) << i;
  }
  EXPECT_EQ(receiver_.phase(), 0);
  EXPECT_EQ(open(next), Opened::kOk);
  EXPECT_EQ(receiver_.phase(), 1);
  EXPECT_EQ(open(late), Opened::kReplayed);
  // Nobody follows two phases at once.
  for (int i = 0; i < 7; ++i) static_cast<void>(seal());
  EXPECT_EQ(open(seal()), Opened::kReplayed);
}

TEST_F(Phases, NoNumberIsUsedTwice) {
  sender_.begin(key_.data(), 0, 0xFFFE);
  std::set<uint64_t> numbers;
  uint16_t phase = 0;
  uint32_t packet = 0;
  while (sender_.next(limits_, 0, phase, packet)) {
    ASSERT_TRUE(numbers.insert(session_number(phase, packet)).second);
    ASSERT_LE(numbers.size(), 8u);
  }
  EXPECT_EQ(numbers.size(), 8u);
  EXPECT_EQ(*numbers.rbegin(), session_number(0xFFFF, 3));
  // Time does not help either.
  EXPECT_FALSE(sender_.next(limits_, 1'000'000, phase, packet));
}

}  // namespace
}  // namespace shoal
