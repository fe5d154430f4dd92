// A leader with nodes that are played: what it sends is the picture's boxes,
// what it says is the largest of what came. And images that somebody has
// changed.
#include "device/agent/leader.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <optional>
#include <utility>
#include <vector>

#include "device/agent/testing/small_leader.h"
#include "device/link/cipher.h"

namespace shoal {
namespace {

class Nobody final : public Streams {
 public:
  uint32_t ready(uint16_t target) const override {
    return target == 7 && result ? 5 : 0;
  }
  void read(uint16_t, uint32_t offset, uint8_t* to,
            uint32_t bytes) const override {
    std::memcpy(to, result->data() + offset, bytes);
  }
  void released(uint16_t, uint32_t) override {}
  uint32_t limit(uint16_t) const override { return room; }
  void place(uint16_t, uint32_t offset, const uint8_t* from,
             uint32_t bytes) override {
    came.resize(std::max<size_t>(came.size(), offset + bytes));
    std::memcpy(came.data() + offset, from, bytes);
  }
  void arrived(uint16_t, uint32_t) override {}

  uint32_t room = 100;
  Bytes came;
  std::optional<Bytes> result;
};

class LeaderTest : public testing::Test {
 protected:
  LeaderTest() {
    transport_ = {this, 256, send, nullptr, [](void* self) {
                    return static_cast<LeaderTest*>(self)->now_;
                  }};
  }

  Status open(const Bytes& image, uint32_t arena_bytes = 16384) {
    image_ = image;
    arena_.assign(arena_bytes / 16 + 1, {});
    auto* const arena = reinterpret_cast<uint8_t*>(arena_.data());
    link_ = {&transport_, keys_, &checksum_only(), 7, packet_, 0, 0};
    for (uint16_t i : {0, 1}) keys_[i] = {}, keys_[i].address = i + 1u;
    LeaderConfig c;
    c.read = [](void* self, uint32_t offset, void* to, uint32_t bytes) {
      const Bytes& all = static_cast<LeaderTest*>(self)->image_;
      if (offset > all.size() || bytes > all.size() - offset) return false;
      std::memcpy(to, all.data() + offset, bytes);
      return true;
    };
    c.user = c.said_user = this;
    c.image_bytes = static_cast<uint32_t>(image.size());
    c.peers = c.max_peers = 2;
    c.link = &link_;
    c.arena = arena;
    c.arena_bytes = arena_bytes;
    c.calls.insecure = true;
    c.calls.key = no_key_;
    c.said = [](void* self, const LeaderSaid& s) {
      static_cast<LeaderTest*>(self)->said_.push_back(s);
    };
    leader_ = make_leader(arena, arena_bytes);
    return leader_ ? leader_->open(c) : Status::kArenaTooSmall;
  }

  static int send(void* self, uint64_t to, const void* datagram,
                  uint32_t bytes) {
    const auto* const at = static_cast<const uint8_t*>(datagram);
    static_cast<LeaderTest*>(self)->sent_.emplace_back(to,
                                                       Bytes(at, at + bytes));
    return 0;
  }

  struct Element {
    alignas(16) uint8_t bytes[16];
  };
  const uint8_t no_key_[kKeyBytes] = {};
  uint64_t now_ = 1000;
  shoal_transport transport_{};
  shoal_link link_{};
  shoal_peer keys_[2] = {};
  uint8_t packet_[256];
  Bytes image_;
  std::vector<Element> arena_;
  LeaderProgram* leader_ = nullptr;
  std::vector<std::pair<uint64_t, Bytes>> sent_;
  std::vector<LeaderSaid> said_;
};

// One end of a link with the leader.
struct Played {
  Played(uint16_t node, const shoal_transport& transport)
      : config{&transport, &key, &checksum_only(), 7, packet, 0, 0} {
    key.address = 101u + node;  // says who sends
    LinkCounts n;
    n.peers = 1, n.windows = 4, n.gaps = 2;
    n.targets = n.stage_targets = node == 1 ? 8 : 0;
    n.stage_streams = 4;
    tables.resize(link_layout(n).bytes / 8 + 1);
    EXPECT_EQ(link.open(config, streams, node, &peer, n,
                        reinterpret_cast<uint8_t*>(tables.data())),
              Status::kOk);
    for (uint16_t i = 0; i < 4; ++i) in[i] = {kNone, i, 0, node, 0, 0};
    link.begin_stage({in, out, 4, static_cast<uint16_t>(n.targets), 0, 0});
    for (uint16_t i = 0; i < 4; ++i) link.start_stream(i, 0);
    for (uint16_t i = 0; i < n.targets; ++i) link.start_target(i, 0);
  }
  shoal_peer key{};
  uint8_t packet[256];
  shoal_link config;
  PeerEntry peer{kCoordinator, 4, 100};
  StreamRecord in[4];
  TargetRecord out[8] = {};
  std::vector<uint64_t> tables;
  Nobody streams;
  Link link;
};

class LeaderOfTwo : public LeaderTest {
 protected:
  LeaderOfTwo()
      : there_{
            this, 256,
            [](void* self, uint64_t to, const void* datagram, uint32_t bytes) {
              const auto* const at = static_cast<const uint8_t*>(datagram);
              static_cast<LeaderOfTwo*>(self)->back_.emplace_back(
                  to, Bytes(at, at + bytes));
              return 0;
            },
            nullptr,
            [](void* self) { return static_cast<LeaderOfTwo*>(self)->now_; }},
        left(0, there_),
        right(1, there_) {}

  void exchange(int rounds = 20, uint64_t step_us = 1000) {
    for (int i = 0; i < rounds; ++i) {
      EXPECT_FALSE(failed(leader_->step()));
      for (auto& [to, d] : std::exchange(sent_, {})) {
        if (!(to == 1 ? left_lives : right_lives)) continue;
        Link& link = (to == 1 ? left : right).link;
        EXPECT_EQ(
            link.receive(to + 100, d.data(), static_cast<uint32_t>(d.size())),
            Status::kOk);
      }
      if (left_lives) left.link.send(true);
      if (right_lives) right.link.send(true);
      for (auto& [to, d] : std::exchange(back_, {})) {
        leader_->receive(to - 100, d.data(), static_cast<uint32_t>(d.size()));
      }
      now_ += step_us;
    }
  }

 private:
  std::vector<std::pair<uint64_t, Bytes>> back_;
  const shoal_transport there_;

 protected:
  Played left, right;
  bool left_lives = true, right_lives = true;
};

TEST_F(LeaderOfTwo, BoxesGoOutAndTheLargestIsTold) {
  ASSERT_EQ(open(small_leader_image(10)), Status::kOk);
  exchange();
  const Bytes p = leader_picture();
  EXPECT_EQ(left.streams.came, Bytes(p.begin(), p.begin() + 12));
  const Bytes lower = {p[14], p[15], p[16], p[17], p[20], p[21], p[22], p[23]};
  EXPECT_EQ(right.streams.came, lower);
  EXPECT_TRUE(said_.empty());
  EXPECT_EQ(leader_->frames(), 0u);
  exchange(130, 100'000);  // and it says for whom it waits
  ASSERT_EQ(said_.size(), 1u);
  EXPECT_EQ(said_[0].event, LeaderEvent::kWaits);
  EXPECT_STREQ(said_[0].name, "right");

  right.streams.result = Bytes{3, 200, 90, 7, 1};
  right.link.wake();
  exchange();
  ASSERT_EQ(said_.size(), 2u);
  EXPECT_EQ(said_[1].event, LeaderEvent::kClass);
  EXPECT_EQ(said_[1].frame, 0u);
  EXPECT_EQ(said_[1].best, 2u);
  EXPECT_EQ(said_[1].value, 90);
  EXPECT_STREQ(said_[1].name, "owl");
  EXPECT_EQ(leader_->frames(), 1u);
  // The next one, as far as there is credit.
  EXPECT_EQ(left.streams.came.size(), 24u);
}

// The left one has no room for all of its box, as if it waited for the right
// one; but it answers.
TEST_F(LeaderOfTwo, WhoIsSilentIsToldNotWhoWaits) {
  ASSERT_EQ(open(small_leader_image(10)), Status::kOk);
  left.streams.room = 6;
  right_lives = false;
  exchange(99, 100'000);
  EXPECT_TRUE(said_.empty());
  exchange(5, 100'000);
  ASSERT_EQ(said_.size(), 1u);
  EXPECT_EQ(said_[0].event, LeaderEvent::kWaits);
  EXPECT_STREQ(said_[0].name, "right");
  EXPECT_GT(leader_->next_timer_us(), now_ - 100'000);
  exchange(400, 100'000);  // once
  EXPECT_EQ(said_.size(), 1u);
  // It is there again, and then it is not.
  right_lives = true;
  exchange(1500, 100'000);
  EXPECT_EQ(right.streams.came.size(), 8u);
  EXPECT_EQ(said_.size(), 1u);
  left.streams.room = 100;
  left.link.wake();
  right.streams.result = Bytes{3, 200, 90, 7, 1};
  right.link.wake();
  exchange(2000);
  ASSERT_EQ(said_.size(), 2u);
  EXPECT_STREQ(said_[1].name, "owl");
}

// Only the right one owes a result; but without the left one it has none.
TEST_F(LeaderOfTwo, WhoIsGoneIsToldThoughAllHaveThePicture) {
  ASSERT_EQ(open(small_leader_image(10)), Status::kOk);
  exchange();
  EXPECT_EQ(left.streams.came.size(), 12u);
  EXPECT_EQ(right.streams.came.size(), 8u);
  left_lives = false;
  exchange(130, 100'000);
  ASSERT_EQ(said_.size(), 1u);
  EXPECT_EQ(said_[0].event, LeaderEvent::kWaits);
  EXPECT_STREQ(said_[0].name, "left");
  exchange(400, 100'000);  // once
  EXPECT_EQ(said_.size(), 1u);
  left_lives = true;
  right_lives = false;
  exchange(130, 100'000);
  ASSERT_EQ(said_.size(), 2u);
  EXPECT_STREQ(said_[1].name, "right");
  right_lives = true;
  right.streams.result = Bytes{3, 200, 90, 7, 1};
  right.link.wake();
  exchange(2000);
  ASSERT_EQ(said_.size(), 3u);
  EXPECT_STREQ(said_[2].name, "owl");
}

class LeaderImages : public LeaderTest,
                     public testing::WithParamInterface<bool> {};
INSTANTIATE_TEST_SUITE_P(All, LeaderImages, testing::Bool(),
                         [](const auto& info) {
                           return std::string(info.param ? "Starts" : "Runs");
                         });

TEST_P(LeaderImages, WhatIsNoImageIsRefused) {
  const Bytes good = small_leader_image(0, GetParam());
  ASSERT_EQ(open(good), Status::kOk);
  EXPECT_EQ(open(good, 256), Status::kArenaTooSmall);
  EXPECT_EQ(open(good, 1024), Status::kArenaTooSmall);
  for (size_t n = 0; n < good.size(); ++n) {
    EXPECT_TRUE(failed(open(Bytes(good.begin(), good.begin() + n)))) << n;
  }
  int opened = 0;
  for (size_t bit = 0; bit < 8 * (good.size() - 24); ++bit) {
    Bytes bad = good;
    bad[bit / 8] ^= static_cast<uint8_t>(1 << bit % 8);
    if (open(bad) != Status::kOk) continue;
    ++opened;  // names, and numbers that make as much sense
    for (int i = 0; i < 3; ++i) {
      EXPECT_FALSE(failed(leader_->step()));
      now_ += 20'000'000;
    }
  }
  EXPECT_GT(opened, 0);
}

}  // namespace
}  // namespace shoal
