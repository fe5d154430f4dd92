// lwIP's raw API as boards use it, on the host: Debian's liblwip.
#include "device/transport/lwip_udp.h"

#include <gtest/gtest.h>

#include <deque>
#include <vector>

#include "device/transport/testing/lwip_card.h"

namespace shoal {
namespace {

using namespace lwip;

std::deque<Packet> to_come;  // to lwIP, when it is polled

constexpr uint32_t kOtherIp = kOwnIp + 1;

void poll_card(void*) {
  while (!to_come.empty()) {
    input(to_come.front(), 100);
    to_come.pop_front();
  }
}

constexpr LwipPort kPort = {nullptr, poll_card,
                            [](void*) { return uint64_t{5}; }};

class Lwip : public testing::Test {
 protected:
  Lwip() {
    start_card();
    sent.clear();
    to_come.clear();
    is_full = false;
    EXPECT_TRUE(udp_.open(7000, kPort));
  }
  ~Lwip() override { udp_.close(); }

  int send(const Bytes& d) {
    const shoal_transport& t = udp_.transport();
    return t.send(t.user, kOther, d.data(), static_cast<uint32_t>(d.size()));
  }
  Bytes receive(uint32_t capacity = kUdpPayload) {
    const shoal_transport& t = udp_.transport();
    Bytes d(capacity);
    d.resize(t.receive(t.user, &from_, d.data(), capacity));
    return d;
  }

  static constexpr uint64_t kOwn = udp_address(kOwnIp, 7000),
                            kOther = udp_address(kOtherIp, 4242);
  LwipUdp udp_;
  uint64_t from_ = 0;
};

TEST_F(Lwip, SendsWholeDatagramsToTheirAddress) {
  EXPECT_EQ(udp_.transport().max_payload, kUdpPayload);
  for (const size_t bytes : {size_t{1}, size_t{96}, size_t{kUdpPayload}}) {
    Bytes d(bytes);
    for (size_t i = 0; i < bytes; ++i) d[i] = static_cast<uint8_t>(i * 7);
    EXPECT_EQ(send(d), 0);
    ASSERT_EQ(sent.size(), 1u);  // never in fragments of IP
    EXPECT_EQ(sent[0].from, kOwn);
    EXPECT_EQ(sent[0].to, kOther);
    EXPECT_EQ(sent[0].bytes, d);
    sent.clear();
  }
}

TEST_F(Lwip, WhatTheNetworkDoesNotTakeIsKeptByTheCaller) {
  is_full = true;
  EXPECT_NE(send({1, 2}), 0);
  is_full = false;
  EXPECT_EQ(send({1, 2}), 0);
  EXPECT_EQ(sent.size(), 1u);
}

TEST_F(Lwip, ReceivesInOrderWithTheSender) {
  for (uint8_t i = 1; i < 5; ++i) {
    to_come.push_back({udp_address(kOtherIp, i), kOwn, Bytes(150 * i, i)});
  }
  for (uint8_t i = 1; i < 5; ++i) {
    EXPECT_EQ(receive(), Bytes(150 * i, i));
    EXPECT_EQ(from_, udp_address(kOtherIp, i));
  }
  EXPECT_TRUE(receive().empty());
}

TEST_F(Lwip, WhatIsTooMuchTooLongOrEmptyIsNoTrouble) {
  for (int i = 0; i < 50; ++i) to_come.push_back({kOther, kOwn, Bytes(40, 3)});
  to_come.push_back({kOther, kOwn, {}});
  to_come.push_back({kOther, udp_address(kOwnIp, 7001), {1}});
  int got = 0;
  while (!receive().empty()) ++got;
  EXPECT_EQ(got, 4);
  to_come.push_back({kOther, kOwn, Bytes(1400, 9)});
  EXPECT_EQ(receive(96), Bytes(96, 9));
  EXPECT_TRUE(receive().empty());
}

TEST_F(Lwip, APortIsOpenedOnceAndGivenBack) {
  LwipUdp other;
  EXPECT_FALSE(other.open(7000, kPort));
  for (int i = 0; i < 20; ++i) {
    to_come.push_back({kOther, kOwn, {1}});
    poll_card(nullptr);
    udp_.close();
    EXPECT_TRUE(udp_.open(7000, kPort));
    EXPECT_TRUE(receive().empty());
  }
}

}  // namespace
}  // namespace shoal
