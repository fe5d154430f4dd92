// Bytes that a node keeps for its next coordinator: they outlive sessions and
// runs, end when a program needs their place, and no wrong request reaches
// anything beside them.
#include <gtest/gtest.h>

#include <cstring>
#include <memory>

#include "host/engine/coordinator/testing/cluster_run.h"

namespace shoal {
namespace {

struct KeepAnswer {
  std::optional<Reply> reply;  // none: the node has not answered
  std::vector<uint8_t> data;
  uint32_t kept() const {
    uint32_t bytes = 0;
    if (data.size() >= sizeof bytes) {
      std::memcpy(&bytes, data.data(), sizeof bytes);
    }
    return bytes;
  }
};

// Asks node 0; `cut` bytes of the request are left out at its end.
KeepAnswer keep(TestCluster& c, KeepRequest r,
                const std::vector<uint8_t>& bytes = {}, size_t cut = 0) {
  std::vector<uint8_t> data(sizeof r);
  std::memcpy(data.data(), &r, sizeof r);
  data.insert(data.end(), bytes.begin(), bytes.end());
  data.resize(data.size() - cut);
  const auto answer = std::make_shared<KeepAnswer>();
  c.coordinator->ask(0, Request::kKeep, std::move(data),
                     [answer](Reply reply, std::span<const uint8_t> said) {
                       answer->reply = reply;
                       answer->data.assign(said.begin(), said.end());
                     });
  c.run([&] { return answer->reply.has_value(); }, 200'000);
  return *answer;
}

std::vector<uint8_t> kept_bytes(TestCluster& c, uint32_t at, uint32_t count) {
  const KeepAnswer a = keep(c, {0, at, count});
  EXPECT_EQ(a.reply, Reply::kOk);
  if (a.data.size() != sizeof(uint32_t) + count) return {};
  return {a.data.begin() + sizeof(uint32_t), a.data.end()};
}

class KeepTest : public testing::Test {
 protected:
  KeepTest() : p_(small_linked(2)), c_(61) {
    c_.add_node();
    c_.add_node();
  }
  // Another coordinator, when the one before has given its nodes back.
  void begin() {
    if (c_.coordinator) {
      ASSERT_TRUE(c_.stop());
    }
    ASSERT_TRUE(c_.connect());
  }
  void run_program() {
    c_.coordinator->deploy(p_);
    ASSERT_TRUE(c_.run([&] { return c_.coordinator->started(); }));
    run_frames(c_, p_, 2);
  }
  uint32_t arena() const {
    return c_.coordinator->identity(0).facts.arena_bytes;
  }
  uint32_t program_arena() const {
    return reinterpret_cast<const Header*>(p_.images[0].data())->arena_bytes;
  }

  const Prepared p_;
  TestCluster c_;
};

TEST_F(KeepTest, BytesOutliveSessionsAndRuns) {
  ASSERT_NO_FATAL_FAILURE(begin());
  EXPECT_EQ(keep(c_, {0, 0, 1}).kept(), 0u);
  const std::vector<uint8_t> bytes = noise_bytes(40, 3);
  EXPECT_EQ(keep(c_, {64, 8, 0}, bytes).reply, Reply::kOk);
  ASSERT_NO_FATAL_FAILURE(run_program());
  EXPECT_EQ(kept_bytes(c_, 8, 40), bytes);
  // A node that runs takes more of them, too.
  EXPECT_EQ(keep(c_, {64, 60, 0}, {1, 2, 3, 4}).reply, Reply::kOk);
  run_frames(c_, p_, 2);
  ASSERT_NO_FATAL_FAILURE(begin());
  EXPECT_EQ(keep(c_, {0, 0, 1}).kept(), 64u);
  EXPECT_EQ(kept_bytes(c_, 8, 40), bytes);
  EXPECT_EQ(kept_bytes(c_, 60, 4), (std::vector<uint8_t>{1, 2, 3, 4}));
  EXPECT_EQ(kept_bytes(c_, 0, 8), std::vector<uint8_t>(8));
  // Another number of them begins with zeros.
  EXPECT_EQ(keep(c_, {48, 0, 0}).reply, Reply::kOk);
  EXPECT_EQ(kept_bytes(c_, 0, 48), std::vector<uint8_t>(48));
  EXPECT_EQ(keep(c_, {0, 0, 0}).reply, Reply::kOk);
  EXPECT_EQ(keep(c_, {0, 0, 1}).kept(), 0u);
}

// A program that needs the whole arena gets it.
TEST_F(KeepTest, AProgramThatNeedsThePlaceEndsThem) {
  ASSERT_NO_FATAL_FAILURE(begin());
  const uint32_t fits = (arena() - program_arena()) / 16 * 16;
  EXPECT_EQ(keep(c_, {fits, fits - 1, 0}, {7}).reply, Reply::kOk);
  ASSERT_NO_FATAL_FAILURE(run_program());
  EXPECT_EQ(kept_bytes(c_, fits - 1, 1), std::vector<uint8_t>{7});
  ASSERT_NO_FATAL_FAILURE(begin());
  EXPECT_EQ(keep(c_, {fits + 16, 0, 0}, {7}).reply, Reply::kOk);
  ASSERT_NO_FATAL_FAILURE(run_program());
  EXPECT_EQ(keep(c_, {0, 0, 1}).kept(), 0u);
}

TEST_F(KeepTest, WrongRequestsAreRefused) {
  ASSERT_NO_FATAL_FAILURE(begin());
  EXPECT_EQ(keep(c_, {64, 0, 0}, {1, 2, 3}).reply, Reply::kOk);
  for (size_t cut = 1; cut <= sizeof(KeepRequest); ++cut) {
    EXPECT_EQ(keep(c_, {64, 0, 0}, {}, cut).reply, Reply::kMalformed) << cut;
  }
  EXPECT_EQ(keep(c_, {64, 0, 1}, {1}).reply, Reply::kMalformed);   // both
  EXPECT_EQ(keep(c_, {40, 0, 0}).reply, Reply::kMalformed);        // no 16
  EXPECT_EQ(keep(c_, {64, 64, 0}, {1}).reply, Reply::kMalformed);  // behind
  EXPECT_EQ(keep(c_, {64, 0xFFFFFFFF, 0}, {1, 2}).reply, Reply::kMalformed);
  EXPECT_EQ(keep(c_, {(arena() + 16) / 16 * 16, 0, 0}).reply, Reply::kTooLarge);
  EXPECT_EQ(keep(c_, {0xFFFFFFF0, 0, 0}).reply, Reply::kTooLarge);
  // The number of bytes is told, those that are not there are not.
  for (const auto& [at, count] :
       {std::pair{0u, 65u}, {64u, 1u}, {0xFFFFFFFFu, 2u}, {1u, 0xFFFFFFFFu}}) {
    const KeepAnswer a = keep(c_, {0, at, count});
    EXPECT_EQ(a.reply, Reply::kOk);
    EXPECT_EQ(a.data.size(), sizeof(uint32_t));
    EXPECT_EQ(a.kept(), 64u);
  }
  // Each single bit of a request may change; the node goes on, and what it
  // keeps is never more than it has.
  for (size_t bit = 0; bit < 8 * sizeof(KeepRequest); ++bit) {
    KeepRequest r{64, 8, 0};
    reinterpret_cast<uint8_t*>(&r)[bit / 8] ^= uint8_t(1 << bit % 8);
    EXPECT_TRUE(keep(c_, r, {9, 9}).reply) << bit;
    EXPECT_LE(keep(c_, {0, 0, 1}).kept(), arena());
  }
  EXPECT_EQ(keep(c_, {64, 0, 0}, {1, 2, 3}).reply, Reply::kOk);
  ASSERT_NO_FATAL_FAILURE(run_program());
  EXPECT_EQ(keep(c_, {80, 0, 0}).reply, Reply::kState);
  EXPECT_EQ(keep(c_, {0, 0, 0}).reply, Reply::kState);
  EXPECT_EQ(kept_bytes(c_, 0, 3), (std::vector<uint8_t>{1, 2, 3}));
}

}  // namespace
}  // namespace shoal
