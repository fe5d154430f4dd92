#include "host/engine/virtual/virtual_storage.h"

#include <gtest/gtest.h>

#include <numeric>

namespace shoal {
namespace {

// Requests take 100 us; 1 byte a us is read, a byte in 10 us written.
Storage slow_part() {
  Storage s;
  s.read_bytes_per_s = 1e6, s.read_latency_us = 100;
  s.write_bytes_per_s = 1e5, s.write_latency_us = 100;
  s.write_bytes = 16, s.erase_bytes = 64, s.erase_us = 5000;
  return s;
}

class Card : public testing::Test {
 protected:
  Card() : to(256, 1) {
    std::vector<uint8_t> bytes(256);
    std::iota(bytes.begin(), bytes.end(), 0);
    make(std::move(bytes), slow_part());
  }
  void make(std::vector<uint8_t> bytes, const Storage& profile) {
    card = std::make_unique<VirtualStorage>(std::move(bytes), profile,
                                            [this] { return now; });
  }
  int read(uint32_t offset, uint32_t bytes) {
    const shoal_storage& s = card->storage();
    return s.read(s.user, offset, bytes, to.data());
  }
  uint8_t byte_at(uint32_t offset) {
    EXPECT_EQ(read(offset, 1), 0);
    EXPECT_EQ(finish(), 1);
    return to[0];
  }
  int poll() { return card->storage().poll(card->storage().user); }
  // Goes on to the end of what is under way.
  int finish() {
    now = card->ready();
    return poll();
  }
  int erase(uint32_t offset, uint32_t bytes) {
    const shoal_storage& s = card->storage();
    return s.erase(s.user, offset, bytes);
  }
  int write(uint32_t offset, std::vector<uint8_t> bytes) {
    from = std::move(bytes);
    const shoal_storage& s = card->storage();
    return s.write(s.user, offset, static_cast<uint32_t>(from.size()),
                   from.data());
  }

  Nanos now = 0;
  std::unique_ptr<VirtualStorage> card;
  std::vector<uint8_t> from, to;
};

TEST_F(Card, AReadTakesItsLatencyAndItsBytesAndIsNoiseUntilThen) {
  ASSERT_EQ(read(16, 50), 0);
  EXPECT_EQ(card->ready(), 150 * kMicrosecond);
  now = 150 * kMicrosecond - 1;
  EXPECT_EQ(poll(), 0);
  EXPECT_EQ(to, [] {
    std::vector<uint8_t> noise(256, 1);
    std::fill_n(noise.begin(), 50, 0xEE);
    return noise;
  }());
  now = 150 * kMicrosecond;
  EXPECT_EQ(poll(), 1);
  for (size_t i = 0; i < 50; ++i) EXPECT_EQ(to[i], 16 + i);
  EXPECT_EQ(to[50], 1);
  EXPECT_EQ(card->ready(), kNever);
  EXPECT_EQ(poll(), -1);
  EXPECT_EQ(card->counters().reads, 1u);
  EXPECT_EQ(card->counters().read_bytes, 50);
  EXPECT_EQ(card->counters().busy, 150 * kMicrosecond);
}

TEST_F(Card, WhatNoStorageCouldServeIsRefused) {
  EXPECT_NE(read(250, 7), 0);
  EXPECT_NE(read(0xFFFFFFFF, 2), 0);
  EXPECT_NE(read(0, 0), 0);
  EXPECT_NE(write(8, std::vector<uint8_t>(16)), 0);  // half a unit
  EXPECT_NE(write(16, std::vector<uint8_t>(8)), 0);
  EXPECT_NE(erase(32, 64), 0);
  EXPECT_NE(erase(192, 128), 0);
  ASSERT_EQ(read(0, 4), 0);
  EXPECT_NE(read(0, 4), 0);  // one at a time
  EXPECT_NE(erase(0, 64), 0);
  EXPECT_EQ(card->counters().reads, 1u);
}

TEST_F(Card, BlocksAreErasedWrittenOnceAndWearOut) {
  Storage profile = slow_part();
  profile.endurance_erases = 2;
  make(std::vector<uint8_t>(256, 0x0F), profile);
  ASSERT_EQ(write(64, std::vector<uint8_t>(16, 0xF1)), 0);
  EXPECT_EQ(card->ready(), 260 * kMicrosecond);
  EXPECT_EQ(finish(), 1);
  EXPECT_EQ(byte_at(64), 0x01);  // nothing was erased before
  const Nanos before = now;
  ASSERT_EQ(erase(64, 128), 0);
  EXPECT_EQ(finish(), 1);
  EXPECT_EQ(now - before, 2 * 5000 * kMicrosecond);
  ASSERT_EQ(write(64, std::vector<uint8_t>(16, 0xF1)), 0);
  EXPECT_EQ(finish(), 1);
  EXPECT_EQ(byte_at(64), 0xF1);
  EXPECT_EQ(card->wear(), (std::vector<uint32_t>{0, 1, 1, 0}));
  ASSERT_EQ(erase(64, 64), 0);
  EXPECT_EQ(finish(), 1);
  ASSERT_EQ(erase(64, 64), 0);
  EXPECT_EQ(finish(), -1);  // worn out
  EXPECT_EQ(card->counters().written_bytes, 32);
}

TEST_F(Card, TheRequestsThatAreToFailDo) {
  using Kind = StorageFault::Kind;
  const auto third = [&](Kind kind) {
    make(std::vector<uint8_t>(256, 7), slow_part());
    card->inject({.kind = kind, .request = 2, .late = kMillisecond});
    for (int i = 0; i < 2; ++i) {
      EXPECT_EQ(read(0, 8), 0);
      EXPECT_EQ(finish(), 1);
    }
    const Nanos before = now;
    const int started = read(0, 8);
    const int ended = started == 0 ? finish() : 99;
    const Nanos took = now - before;
    const std::vector<uint8_t> got = to;
    EXPECT_EQ(read(0, 8), 0);  // the fourth
    EXPECT_EQ(finish(), 1);
    return std::tuple(started, ended, took, got[3], got[4]);
  };
  constexpr Nanos kTime = 108 * kMicrosecond;
  EXPECT_EQ(third(Kind::kRefused), std::tuple(1, 99, 0, 7, 7));
  EXPECT_EQ(third(Kind::kFailed), std::tuple(0, -1, kTime, 0xEE, 0xEE));
  EXPECT_EQ(third(Kind::kShort), std::tuple(0, -1, kTime, 7, 0xEE));
  EXPECT_EQ(third(Kind::kSlow), std::tuple(0, 1, kTime + kMillisecond, 7, 7));
  EXPECT_EQ(third(Kind::kFlipped), std::tuple(0, 1, kTime, 7, 7 ^ 0x10));
}

}  // namespace
}  // namespace shoal
