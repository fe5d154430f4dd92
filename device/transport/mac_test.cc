// A radio's frames, and the bridge between a line and a radio.
#include <gtest/gtest.h>

#include <cstring>
#include <deque>
#include <random>
#include <thread>
#include <vector>

#include "device/transport/mac_bridge.h"
#include "device/transport/mac_frames.h"

namespace shoal {
namespace {

constexpr uint8_t kOneMac[kRadioMacBytes] = {0x24, 0x6F, 0x28, 0, 0, 1};
constexpr uint8_t kOtherMac[kRadioMacBytes] = {0x24, 0x6F, 0x28, 0, 0, 2};

// Two radios that hear each other.
struct RadioOfTest {
  const uint8_t* mac;
  RadioOfTest* other = nullptr;
  bool is_full = false;
  MacFrames frames{{this, send, now_us}};

  static bool send(void* self, const uint8_t* mac, const void* data,
                   uint32_t bytes) {
    auto& r = *static_cast<RadioOfTest*>(self);
    if (r.is_full) return false;
    if (std::memcmp(mac, r.other->mac, kRadioMacBytes) == 0) {
      r.other->frames.came(r.mac, static_cast<const uint8_t*>(data), bytes);
    }
    return true;
  }
  static uint64_t now_us(void*) { return 7; }
  bool say(uint64_t to, const std::vector<uint8_t>& m) {
    const shoal_transport& t = frames.transport();
    return t.send(t.user, to, m.data(), static_cast<uint32_t>(m.size())) == 0;
  }
  std::vector<uint8_t> hear(uint64_t& from) {
    std::vector<uint8_t> m(kRadioPayload);
    const shoal_transport& t = frames.transport();
    m.resize(t.receive(t.user, &from, m.data(), kRadioPayload));
    return m;
  }
};

class TwoRadios : public testing::Test {
 protected:
  TwoRadios() {
    one_.other = &other_;
    other_.other = &one_;
  }
  RadioOfTest one_{kOneMac}, other_{kOtherMac};
  const uint64_t to_other_ = mac_address(kOtherMac);
};

TEST_F(TwoRadios, CarryDatagramsToOneReceiver) {
  EXPECT_EQ(to_other_, 0x246F28000002u);
  EXPECT_EQ(one_.frames.transport().max_payload, kRadioPayload);
  EXPECT_TRUE(one_.say(to_other_, {1, 2}));
  EXPECT_TRUE(one_.say(to_other_, std::vector<uint8_t>(kRadioPayload, 9)));
  EXPECT_TRUE(one_.say(to_other_ + 1, {3}));  // nobody has it
  uint64_t from = 0;
  EXPECT_EQ(other_.hear(from), (std::vector<uint8_t>{1, 2}));
  EXPECT_EQ(from, mac_address(kOneMac));
  EXPECT_EQ(other_.hear(from), std::vector<uint8_t>(kRadioPayload, 9));
  EXPECT_TRUE(other_.hear(from).empty());
  // Too long, nothing, to all, and a radio that is full.
  EXPECT_FALSE(one_.say(to_other_, std::vector<uint8_t>(kRadioPayload + 1)));
  EXPECT_FALSE(one_.say(to_other_, {}));
  EXPECT_FALSE(one_.say(0xFFFFFFFFFFFF, {1}));
  one_.is_full = true;
  EXPECT_FALSE(one_.say(to_other_, {1}));
}

TEST_F(TwoRadios, DropWhatHasNoRoom) {
  for (uint8_t i = 0; i < 20; ++i) EXPECT_TRUE(one_.say(to_other_, {i}));
  EXPECT_EQ(other_.frames.dropped(), 4u);
  uint64_t from = 0;
  for (uint8_t i = 0; i < 16; ++i) {
    EXPECT_EQ(other_.hear(from), std::vector<uint8_t>{i});
  }
  EXPECT_TRUE(other_.hear(from).empty());
  EXPECT_TRUE(one_.say(to_other_, {99}));
  EXPECT_EQ(other_.hear(from), std::vector<uint8_t>{99});
}

// The radio's task runs beside the node.
TEST_F(TwoRadios, TaskAndNodeShareTheRing) {
  std::thread task([&] {
    for (uint32_t i = 0; i < 20'000; ++i) {
      uint8_t m[200];
      std::memset(m, static_cast<int>(i % 251), sizeof m);
      std::memcpy(m, &i, sizeof i);
      other_.frames.came(kOneMac, m, 4 + i % 196);
      if (i % 64 == 0) std::this_thread::yield();
    }
  });
  uint32_t next = 0, got = 0;
  const auto take = [&] {
    uint64_t from = 0;
    const std::vector<uint8_t> m = other_.hear(from);
    if (m.empty()) return false;
    uint32_t number = 0;
    std::memcpy(&number, m.data(), 4);
    EXPECT_GE(number, next);
    EXPECT_EQ(m.size(), 4 + number % 196);
    for (size_t i = 4; i < m.size(); ++i) EXPECT_EQ(m[i], number % 251);
    next = number + 1;
    ++got;
    return true;
  };
  while (next < 19'000 && got + other_.frames.dropped() < 20'000) take();
  task.join();
  while (take()) {
  }
  EXPECT_EQ(got + other_.frames.dropped(), 20'000u);
}

// Ends of a serial line that loses and flips bytes.
struct BridgeEnd {
  std::deque<uint8_t> bytes;
  BridgeEnd* other = nullptr;
  unsigned spoils_per_mille = 0;
  std::mt19937 random{1};
  BridgeLine line{{this, write, read}};

  static uint32_t write(void* self, const void* data, uint32_t count) {
    auto& e = *static_cast<BridgeEnd*>(self);
    for (uint32_t i = 0; i < count; ++i) {
      uint8_t byte = static_cast<const uint8_t*>(data)[i];
      if (e.random() % 1000 < e.spoils_per_mille) {
        if (e.random() % 2) continue;
        byte ^= static_cast<uint8_t>(1 << e.random() % 8);
      }
      e.other->bytes.push_back(byte);
    }
    return count;
  }
  static uint32_t read(void* self, void* to, uint32_t capacity) {
    auto& e = *static_cast<BridgeEnd*>(self);
    uint32_t n = 0;
    for (; n < capacity && !e.bytes.empty(); ++n) {
      static_cast<uint8_t*>(to)[n] = e.bytes.front();
      e.bytes.pop_front();
    }
    return n;
  }
};

TEST_F(TwoRadios, ABridgePassesOnBothWays) {
  BridgeEnd computer, board;
  computer.other = &board;
  board.other = &computer;
  for (const unsigned spoilt : {0u, 2u}) {
    computer.spoils_per_mille = board.spoils_per_mille = spoilt;
    int there = 0, back = 0, wrong = 0;
    for (int i = 0; i < 2'000; ++i) {
      std::vector<uint8_t> m(1 + static_cast<size_t>(i) % kRadioPayload,
                             static_cast<uint8_t>(0x7D + i % 2));
      EXPECT_TRUE(computer.line.send(to_other_, m.data(),
                                     static_cast<uint32_t>(m.size())));
      for (int j = 0; j < 4; ++j) {
        pass_on(board.line, one_.frames.transport());
      }
      uint64_t from = 0;
      for (;;) {
        const std::vector<uint8_t> got = other_.hear(from);
        if (got.empty()) break;
        ++there;
        wrong += got != m;
        EXPECT_TRUE(other_.say(from, got));
      }
      pass_on(board.line, one_.frames.transport());
      uint8_t answer[kRadioPayload];
      for (int j = 0; j < 4; ++j) {
        const uint32_t n = computer.line.receive(&from, answer, sizeof answer);
        if (n == 0) continue;
        ++back;
        EXPECT_EQ(from, to_other_);
      }
    }
    if (spoilt == 0) {
      EXPECT_EQ(there, 2'000);
      EXPECT_EQ(back, 2'000);
      EXPECT_EQ(wrong, 0);
    } else {
      EXPECT_GT(back, 800);
      EXPECT_LT(back, 2'000);
    }
  }
}

}  // namespace
}  // namespace shoal
