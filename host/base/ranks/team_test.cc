#include "host/base/ranks/team.h"

#include <gtest/gtest.h>

#include <atomic>
#include <map>
#include <set>

#include "host/base/ranks/testing/thread_ranks.h"

namespace shoal {
namespace {

constexpr int64_t kCount = 300;

// Keeps one byte for each of kCount items.
class Bytewise final : public Items {
 public:
  std::optional<int64_t> next() override {
    const std::lock_guard lock(mutex_);
    if (next_ == kCount || has_failed()) return std::nullopt;
    return next_++;
  }
  void done(int64_t item, std::span<const uint8_t> result) override {
    const std::lock_guard lock(mutex_);
    if (item == full_) throw Error(Exit::kInternal, "journal: disk full");
    EXPECT_EQ(result.size(), 1u);
    EXPECT_TRUE(results.emplace(item, result[0]).second) << item;
  }
  std::map<int64_t, uint8_t> results;
  int64_t full_ = -1;

 private:
  std::mutex mutex_;
  int64_t next_ = 0;
};

uint8_t answer(int64_t item) { return static_cast<uint8_t>(item * 7); }

// Works as the runners of frames do.
Team::Bytes work_on(Items& items, const std::set<int64_t>& broken = {}) {
  int64_t last = -1;
  try {
    while (const std::optional<int64_t> item = items.next()) {
      last = *item;
      if (broken.contains(last)) {
        throw Error(Exit::kCorrupt, "frame " + std::to_string(last));
      }
      const uint8_t byte = answer(last);
      items.done(last, {&byte, 1});
      std::this_thread::sleep_for(std::chrono::microseconds(20));
    }
  } catch (...) {
    items.failed(last, std::current_exception());
  }
  items.check();
  return {};
}

class TeamTest : public testing::TestWithParam<int> {
 protected:
  // Returns what rank 0 says at the end of the verb; empty: nothing.
  std::string told(const std::function<void(Team&)>& verb) {
    const std::optional<Error> error = run_team(GetParam(), verb);
    if (error) code_ = error->code();
    return error ? error->what() : "";
  }
  Exit code_ = Exit::kOk;
  Bytewise items_;
};

TEST_P(TeamTest, EveryItemIsDoneOnce) {
  std::map<int64_t, uint8_t> wanted;
  for (int64_t i = 0; i < kCount; ++i) wanted[i] = answer(i);
  std::vector<Team::Bytes> reports;
  std::atomic<int> agreed = 0;
  EXPECT_EQ(told([&](Team& team) {
              team.agree({{"model", "1"}, {"data", "2"}});
              auto mine = team.share(items_, [&](Items& items) {
                work_on(items);
                return Team::Bytes{static_cast<uint8_t>(team.rank())};
              });
              if (team.leads()) reports = std::move(mine);
              const Team::Bytes all =
                  team.spread(team.leads() ? Team::Bytes{8} : Team::Bytes{});
              if (all == Team::Bytes{8}) ++agreed;
              Bytewise none;
              team.share(team.leads() ? items_ : none, [&](Items& items) {
                EXPECT_FALSE(items.next());
                return Team::Bytes{};
              });
            }),
            "");
  EXPECT_EQ(items_.results, wanted);
  ASSERT_EQ(reports.size(), static_cast<size_t>(GetParam()));
  for (int r = 0; r < GetParam(); ++r) {
    EXPECT_EQ(reports[static_cast<size_t>(r)],
              Team::Bytes{static_cast<uint8_t>(r)});
  }
  EXPECT_EQ(agreed, GetParam());
}

TEST_P(TeamTest, TheLowestFrameThatFailsIsTold) {
  for (int64_t first : {0, 1, 150, 299}) {
    const std::set<int64_t> broken{first, first + 1, first + 2, first + 40};
    Bytewise items;
    EXPECT_EQ(told([&](Team& team) {
                team.share(items, [&](Items& i) { return work_on(i, broken); });
                team.spread({});
                ADD_FAILURE() << "rank " << team.rank();
              }),
              "frame " + std::to_string(first));
    EXPECT_EQ(code_, Exit::kCorrupt);
    for (int64_t i = 0; i < first; ++i) EXPECT_TRUE(items.results.contains(i));
  }
}

TEST_P(TeamTest, AResultThatCannotBeKeptEndsTheRun) {
  items_.full_ = 100;
  EXPECT_EQ(told([&](Team& team) {
              team.share(items_, [&](Items& i) { return work_on(i); });
            }),
            "journal: disk full");
  EXPECT_LT(items_.results.size(), static_cast<size_t>(kCount));
}

TEST_P(TeamTest, WhatAllRanksMeetIsToldOnce) {
  EXPECT_EQ(told([](Team&) { throw Error(Exit::kUsage, "no such file"); }),
            "no such file");
}

TEST_P(TeamTest, WhatTheFirstMeetsAloneStopsTheOthers) {
  for (const int when : {0, 1, 2, 3}) {
    Bytewise items;
    EXPECT_EQ(told([&](Team& team) {
                const auto maybe = [&](int now) {
                  if (team.leads() && when == now) {
                    throw Error(Exit::kBusy, "busy");
                  }
                };
                maybe(0);
                team.agree({{"model", "1"}});
                maybe(1);
                team.share(items, [&](Items& i) {
                  maybe(2);
                  return work_on(i);
                });
                maybe(3);
                team.spread({});
              }),
              "busy")
        << when;
    EXPECT_EQ(code_, Exit::kBusy);
  }
}

// One rank alone has nobody to differ from.
class SeveralRanks : public TeamTest {};

TEST_P(SeveralRanks, WhatAnotherMeetsAloneIsToldWithItsRank) {
  const int last = GetParam() - 1;
  for (const int when : {0, 1, 2, 3}) {
    Bytewise items;
    EXPECT_EQ(told([&](Team& team) {
                const auto maybe = [&](int now) {
                  if (team.rank() == last && when == now) {
                    throw Error(Exit::kUsage, "no such file");
                  }
                };
                maybe(0);
                team.agree({{"model", "1"}});
                maybe(1);
                team.share(items, [&](Items& i) {
                  maybe(2);
                  return work_on(i);
                });
                maybe(3);
              }),
              "rank " + std::to_string(last) + ": no such file")
        << when;
    EXPECT_EQ(code_, Exit::kUsage);
  }
}

TEST_P(SeveralRanks, RanksMustHaveTheSame) {
  const int last = GetParam() - 1;
  EXPECT_EQ(
      told([&](Team& team) {
        const bool other = team.rank() == last;
        team.agree({{"model", "1"}, {"data", other ? "3" : "2"}});
        ADD_FAILURE() << "rank " << team.rank();
      }),
      "rank " + std::to_string(last) + " has another data: 3, rank 0 has 2");
}

INSTANTIATE_TEST_SUITE_P(Sizes, TeamTest, testing::Values(1, 2, 3, 7));
INSTANTIATE_TEST_SUITE_P(Sizes, SeveralRanks, testing::Values(2, 3, 7));

// Whatever a rank sends, the first ends all of them.
TEST(TeamOfStrangers, EndsWhatItDoesNotUnderstand) {
  const auto of = [](Message m) { return format_message(m); };
  const std::vector<std::vector<uint8_t>> wrong{
      {},
      {1, 2, 3},
      of({.kind = MessageKind::kResult, .numbers = {5}, .bytes = {1}}),
      of({.kind = MessageKind::kItems, .numbers = {5}}),
      of({.kind = MessageKind::kGo})};
  for (const std::vector<uint8_t>& packet : wrong) {
    Mailboxes boxes(2);
    ThreadRank(boxes, 1).send(0, packet);
    Team team(std::make_unique<ThreadRank>(boxes, 0));
    Bytewise items;
    std::optional<Error> error;
    try {
      team.share(items, [](Items& i) { return work_on(i); });
    } catch (const Error& e) {
      error = e;
    }
    ASSERT_TRUE(error);
    EXPECT_STREQ(error->what(), "rank 1: a message that is not understood");
    EXPECT_THROW(team.close(error), Aborted);
  }
}

}  // namespace
}  // namespace shoal
