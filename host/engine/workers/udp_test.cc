#include "host/engine/workers/udp.h"

#include <gtest/gtest.h>

#include <vector>

#include "host/base/error.h"

namespace shoal {
namespace {

class Udp : public testing::Test {
 protected:
  // On the loopback interface what was sent is there at once.
  void send(const std::vector<uint8_t>& bytes) const {
    const shoal_transport& t = from_.transport();
    ASSERT_EQ(t.send(t.user, to_.address(), bytes.data(),
                     static_cast<uint32_t>(bytes.size())),
              0);
  }
  std::vector<uint8_t> receive(uint32_t capacity = kUdpPayload) {
    const shoal_transport& t = to_.transport();
    std::vector<uint8_t> bytes(capacity);
    bytes.resize(t.receive(t.user, &sender_, bytes.data(), capacity));
    return bytes;
  }

  UdpTransport from_{parse_udp_address("127.0.0.1:0", "")};
  UdpTransport to_{parse_udp_address("127.0.0.1:0", "")};
  uint64_t sender_ = 0;
};

TEST_F(Udp, CarriesDatagramsInOrderWithTheirSender) {
  for (uint8_t i = 1; i < 100; ++i) send(std::vector<uint8_t>(i, i));
  for (uint8_t i = 1; i < 100; ++i) {
    EXPECT_EQ(receive(), std::vector<uint8_t>(i, i));
    EXPECT_EQ(sender_, from_.address());
  }
  EXPECT_TRUE(receive().empty());
}

TEST_F(Udp, WhatIsTooLongIsCut) {
  send(std::vector<uint8_t>(4000, 1));
  send(std::vector<uint8_t>(200, 2));
  EXPECT_EQ(receive(), std::vector<uint8_t>(kUdpPayload, 1));
  EXPECT_EQ(receive(96), std::vector<uint8_t>(96, 2));
  EXPECT_TRUE(receive().empty());
}

// They say nothing, but they may be many: a call looks at some of them only.
TEST_F(Udp, EmptyOnesDoNotKeepTheReceiver) {
  for (int i = 0; i < 200; ++i) send({});
  send({7});
  int calls = 1;
  while (receive() != std::vector<uint8_t>{7} && calls < 1000) ++calls;
  EXPECT_GT(calls, 1);
  EXPECT_LE(calls, 201);
}

TEST_F(Udp, WhatIsThereIsNotWaitedFor) {
  send({1});
  send({2});
  EXPECT_EQ(receive(), std::vector<uint8_t>{1});
  const shoal_transport& t = to_.transport();
  const uint64_t until = t.now_us(t.user) + 20'000'000;
  to_.wait(until);
  EXPECT_LT(t.now_us(t.user), until);
  EXPECT_EQ(receive(), std::vector<uint8_t>{2});
}

TEST_F(Udp, AnAddressInUseIsNamed) {
  try {
    UdpTransport other(to_.address());
    FAIL() << "it is free";
  } catch (const Error& e) {
    EXPECT_EQ(e.code(), Exit::kBusy);
    EXPECT_NE(std::string(e.what()).find(udp_address_text(to_.address())),
              std::string::npos);
  }
}

TEST_F(Udp, AddressesAreReadAsTheyAreWritten) {
  for (const char* text : {"127.0.0.1:0", "10.1.2.3:65535"}) {
    EXPECT_EQ(udp_address_text(parse_udp_address(text, "")), text);
  }
  for (const char* text :
       {"", ":", ":1", "h", "127.0.0.1", "127.0.0.1:", "127.0.0.1:65536",
        "127.0.0.1:-1", "127.0.0.1:+1", "127.0.0.1: 1", "127.0.0.1:1 ",
        "127.0.0.1:0x1", "[::1]:1", "::1:1", "a b:1"}) {
    EXPECT_THROW(parse_udp_address(text, ""), Error) << text;
  }
}

}  // namespace
}  // namespace shoal
