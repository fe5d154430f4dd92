// Ranks that are threads, some of which stop. No test here waits for a time to
// pass but those of a limit, which are short.
#include "host/base/ranks/watched_ranks.h"

#include <gtest/gtest.h>

#include <atomic>
#include <cstdio>
#include <mutex>
#include <string>
#include <thread>

#include "host/base/ranks/testing/thread_ranks.h"

namespace shoal {
namespace {

using std::chrono::milliseconds;
using Seconds = Silence::Duration;

// Behaves like MPI: abort() ends all, whatever they do.
struct Job {
  explicit Job(int ranks) : boxes(ranks) {}
  Mailboxes boxes;
  std::atomic<int> code = 0;
  std::mutex mutex;
  std::string told;
};

class JobRank final : public Ranks {
 public:
  JobRank(Job& job, int rank) : job_(job), inner_(job.boxes, rank) {}
  int rank() const override { return inner_.rank(); }
  int size() const override { return inner_.size(); }
  void send(int to, std::span<const uint8_t> bytes) override {
    inner_.send(to, bytes);
  }
  std::optional<Packet> poll() override { return inner_.poll(); }
  void abort(int code) override { job_.code = code; }

 private:
  Job& job_;
  ThreadRank inner_;
};

// Throws where the job has been ended.
class EndedRank final : public Ranks {
 public:
  EndedRank(Job& job, std::unique_ptr<Ranks> ranks)
      : job_(job), ranks_(std::move(ranks)) {}
  int rank() const override { return ranks_->rank(); }
  int size() const override { return ranks_->size(); }
  void send(int to, std::span<const uint8_t> bytes) override {
    ranks_->send(to, bytes);
  }
  std::optional<Packet> poll() override {
    if (job_.code != 0) throw Aborted{job_.code};
    return ranks_->poll();
  }
  void abort(int code) override { throw Aborted{code}; }

 private:
  Job& job_;
  std::unique_ptr<Ranks> ranks_;
};

std::unique_ptr<Ranks> rank_of(Job& job, int rank, milliseconds limit) {
  RankWatch watch{limit, [&job](const Error& e) {
                    const std::lock_guard lock(job.mutex);
                    EXPECT_EQ(e.code(), Exit::kNode);
                    if (job.told.empty()) job.told = e.what();
                  }};
  const auto start = [&] { return std::make_unique<JobRank>(job, rank); };
  return std::make_unique<EndedRank>(job,
                                     watched_ranks(start, std::move(watch)));
}

// Three ranks, one of which is not there; what the job was told.
std::string told_without(int stopped) {
  Job job(3);
  const auto run = [&](int rank) {
    Team team(rank_of(job, rank, milliseconds(200)));
    EXPECT_THROW(team.agree({{"model", "1"}}), Aborted);
  };
  {
    std::vector<std::jthread> threads;
    for (int rank = 0; rank < 3; ++rank) {
      if (rank != stopped) threads.emplace_back(run, rank);
    }
  }
  EXPECT_EQ(job.code, static_cast<int>(Exit::kNode));
  return job.told;
}

TEST(WatchedRanks, AStoppedRankEndsTheJobByItsNumber) {
  EXPECT_EQ(told_without(0), "rank 0 has been silent for 0.2 s");
  EXPECT_EQ(told_without(1), "rank 1 has been silent for 0.2 s");
  EXPECT_EQ(told_without(2), "rank 2 has been silent for 0.2 s");
}

// Between calls of the team, and in an item.
TEST(WatchedRanks, ARankThatComputesForLongIsAlive) {
  constexpr milliseconds kLimit{300}, kLong{600};
  for (const int slow : {0, 1}) {
    Job job(2);
    const auto run = [&](int rank) {
      Team team(rank_of(job, rank, kLimit));
      if (rank == slow) std::this_thread::sleep_for(kLong);
      EXPECT_NO_THROW(team.agree({{"model", "1"}}));
      EXPECT_FALSE(team.close({}));
    };
    {
      std::jthread other([&] { run(1); });
      run(0);
    }
    EXPECT_EQ(job.told, "") << slow;
  }
}

// All ranks wait there for each other.
TEST(WatchedRanksDeathTest, AStartWithoutEndEndsTheProcess) {
  testing::GTEST_FLAG(death_test_style) = "threadsafe";
  const auto never = []() -> std::unique_ptr<Ranks> {
    for (;;) std::this_thread::sleep_for(milliseconds(10));
  };
  const auto tell = [](const Error& e) {
    std::fprintf(stderr, "%s\n", e.what());
  };
  EXPECT_EXIT(watched_ranks(never, {milliseconds(100), tell}),
              testing::ExitedWithCode(6),
              "another rank has not started within 0.1 s");
}

TEST(Silence, CountsOnlyWhatWasAwake) {
  Silence silence(2);
  silence.pass(Seconds(1), Seconds(1));
  silence.heard(1);
  silence.pass(Seconds(3600), Seconds(1));  // the whole job was stopped
  EXPECT_EQ(silence.of(0), Seconds(3));
  EXPECT_EQ(silence.of(1), Seconds(2));
  silence.heard(0);
  EXPECT_EQ(silence.of(0), Seconds(0));
}

}  // namespace
}  // namespace shoal
