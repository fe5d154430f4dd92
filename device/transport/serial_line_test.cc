#include "device/transport/serial_line.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <deque>
#include <random>
#include <vector>

namespace shoal {
namespace {

// A line that takes and gives as many bytes at a time as it is told to.
struct Wire {
  std::deque<uint8_t> bytes;
  uint32_t takes = 1000, gives = 1000;

  static uint32_t write(void* self, const void* data, uint32_t count) {
    Wire& w = *static_cast<Wire*>(self);
    const auto* from = static_cast<const uint8_t*>(data);
    const uint32_t n = std::min(count, w.takes);
    w.bytes.insert(w.bytes.end(), from, from + n);
    return n;
  }
  static uint32_t read(void* self, void* to, uint32_t capacity) {
    Wire& w = *static_cast<Wire*>(self);
    const auto n = static_cast<uint32_t>(
        std::min<size_t>(std::min(capacity, w.gives), w.bytes.size()));
    std::copy_n(w.bytes.begin(), n, static_cast<uint8_t*>(to));
    w.bytes.erase(w.bytes.begin(), w.bytes.begin() + n);
    return n;
  }
  static uint64_t now_us(void*) { return 7; }
  SerialPort port() { return {this, write, read, now_us}; }
};

// Both ends are one object: what is sent comes back.
class ASerialLine : public testing::Test {
 protected:
  int send(const std::vector<uint8_t>& d) {
    const shoal_transport& t = line_.transport();
    return t.send(t.user, kSerialAddress, d.data(),
                  static_cast<uint32_t>(d.size()));
  }
  std::vector<uint8_t> receive(uint32_t capacity = kSerialPayload) {
    const shoal_transport& t = line_.transport();
    std::vector<uint8_t> d(capacity);
    uint64_t from = 0;
    d.resize(t.receive(t.user, &from, d.data(), capacity));
    EXPECT_TRUE(d.empty() || from == kSerialAddress);
    return d;
  }

  // A call looks at a piece of the line only.
  std::vector<uint8_t> next() {
    std::vector<uint8_t> got;
    for (int i = 0; i < 1000 && got.empty(); ++i) got = receive();
    return got;
  }

  Wire wire_;
  uint8_t waiting_[2 * hdlc_bound(kSerialPayload)];
  SerialLine line_{wire_.port(), waiting_, sizeof waiting_};
};

TEST_F(ASerialLine, CarriesDatagramsWholeAndInOrder) {
  EXPECT_EQ(line_.transport().max_payload, kSerialPayload);
  EXPECT_EQ(line_.transport().now_us(line_.transport().user), 7u);
  EXPECT_EQ(send({1, 0x7E, 0x7D}), 0);
  EXPECT_EQ(send(std::vector<uint8_t>(kSerialPayload, 0x7E)), 0);
  EXPECT_EQ(send({9}), 0);
  EXPECT_EQ(receive(), (std::vector<uint8_t>{1, 0x7E, 0x7D}));
  EXPECT_TRUE(line_.has_fetched());
  EXPECT_EQ(receive(), std::vector<uint8_t>(kSerialPayload, 0x7E));
  EXPECT_EQ(receive(), std::vector<uint8_t>{9});
  EXPECT_TRUE(receive().empty());
  EXPECT_NE(send(std::vector<uint8_t>(kSerialPayload + 1)), 0);
}

TEST_F(ASerialLine, WordsAndHalfFramesAreNoDatagrams) {
  for (const char c : std::string("selfcheck ok\r\n~~}")) {
    wire_.bytes.push_back(static_cast<uint8_t>(c));
  }
  EXPECT_EQ(send({1, 2, 3}), 0);
  wire_.bytes.pop_back();  // lost in the middle of a frame
  EXPECT_EQ(send({4, 5, 6}), 0);
  // The flag that begins the second frame ends the first one.
  EXPECT_EQ(next(), (std::vector<uint8_t>{1, 2, 3}));
  EXPECT_EQ(next(), (std::vector<uint8_t>{4, 5, 6}));
}

TEST_F(ASerialLine, WhatTheLineDoesNotTakeWaits) {
  wire_.takes = 0;
  int taken = 0;
  while (send(std::vector<uint8_t>(kSerialPayload, 0x7D)) == 0) ++taken;
  EXPECT_EQ(taken, 2);
  EXPECT_TRUE(line_.has_more_to_send());
  wire_.takes = 5;  // a call takes all of it, in pieces
  EXPECT_EQ(next(), std::vector<uint8_t>(kSerialPayload, 0x7D));
  EXPECT_FALSE(line_.has_more_to_send());
  EXPECT_EQ(send({1}), 0);
  EXPECT_EQ(next(), std::vector<uint8_t>(kSerialPayload, 0x7D));
  EXPECT_EQ(next(), std::vector<uint8_t>{1});
}

TEST_F(ASerialLine, IsCutAtTheCapacityOfWhoReceives) {
  EXPECT_EQ(send({1, 2, 3, 4}), 0);
  EXPECT_EQ(receive(2), (std::vector<uint8_t>{1, 2}));
}

// Bits turn over, bytes get lost: nothing that was not sent arrives, but what
// the check sequence of 16 bits lets pass, and what is sent later arrives. A
// frame whose last flag is lost ends with the next one's first.
TEST_F(ASerialLine, ComesBackAfterNoise) {
  std::mt19937 random(3);
  int wrong = 0;
  std::vector<uint8_t> d, before;
  for (int round = 0; round < 2000; ++round) {
    before = d;
    d.resize(1 + random() % kSerialPayload);
    for (uint8_t& b : d) b = static_cast<uint8_t>(random());
    ASSERT_EQ(send(d), 0);
    const size_t at = random() % wire_.bytes.size();
    if (round % 3 == 0) wire_.bytes[at] ^= uint8_t(1 << random() % 8);
    if (round % 3 == 1) {
      wire_.bytes.erase(wire_.bytes.begin() + static_cast<long>(at));
    }
    wire_.gives = 1 + random() % 300;
    for (int i = 0; i < 300; ++i) {
      const std::vector<uint8_t> got = receive();
      wrong += !got.empty() && got != d && got != before;
    }
  }
  EXPECT_LE(wrong, 2);
  // A flag that is lost takes the next frame along, at most.
  send({1});
  send({2, 2, 2});
  std::vector<uint8_t> last;
  for (int i = 0; i < 100; ++i) {
    const std::vector<uint8_t> got = receive();
    if (!got.empty()) last = got;
  }
  EXPECT_EQ(last, (std::vector<uint8_t>{2, 2, 2}));
}

}  // namespace
}  // namespace shoal
