#include "host/base/file_lock.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <filesystem>
#include <fstream>
#include <optional>
#include <thread>

#include "host/base/error.h"
#include "host/base/files.h"
#include "host/base/temporary_folder.h"

namespace shoal {
namespace {

class FileLockTest : public testing::Test {
 protected:
  FileLock take(LockMode mode, const LockRequest& request = {}) const {
    return {path_, mode, "the thing", request};
  }
  void refused(LockMode mode, const std::string& what,
               const LockRequest& request = {}) const {
    try {
      take(mode, request);
      FAIL() << "wanted: " << what;
    } catch (const Error& e) {
      EXPECT_EQ(e.code(), Exit::kBusy) << e.what();
      EXPECT_NE(std::string(e.what()).find(what), std::string::npos)
          << e.what();
    }
  }
  bool there() const { return std::filesystem::exists(path_); }

  TemporaryFolder folder_;
  const std::string path_ = (folder_.path() / "x.lock").string();
};

TEST_F(FileLockTest, OneOwnerWhoIsNamed) {
  {
    const FileLock owner = take(LockMode::kExclusive, {"shoal run"});
    const std::string who = "shoal run, process " + std::to_string(getpid());
    refused(LockMode::kExclusive, "the thing is busy: " + who);
    refused(LockMode::kShared, "since 20");
  }
  EXPECT_FALSE(there());
  const FileLock next = take(LockMode::kExclusive);
}

TEST_F(FileLockTest, ReadersShareAndTheLastOneRemovesTheFile) {
  std::optional<FileLock> first(take(LockMode::kShared));
  std::optional<FileLock> second(take(LockMode::kShared));
  refused(LockMode::kExclusive, "the thing is busy");
  first.reset();
  EXPECT_TRUE(there());
  refused(LockMode::kExclusive, "the thing is busy");
  second.reset();
  EXPECT_FALSE(there());
  const FileLock owner = take(LockMode::kExclusive);
  refused(LockMode::kShared, "the thing is busy");
}

// The last one of them is alone with the file while it removes it.
TEST_F(FileLockTest, ReadersThatComeAndGoNeverRefuseEachOther) {
  constexpr int kTimes = 1000;
  std::atomic<int> taken = 0;
  const auto come_and_go = [&] {
    for (int i = 0; i < kTimes; ++i) {
      try {
        const FileLock lock = take(LockMode::kShared);
        ++taken;
      } catch (const Error& e) {
        ADD_FAILURE() << e.what();
        return;
      }
    }
  };
  { std::jthread one(come_and_go), other(come_and_go); }
  EXPECT_EQ(taken, 2 * kTimes);
  EXPECT_FALSE(there());
}

TEST_F(FileLockTest, WaitsForItsTurn) {
  std::optional<FileLock> owner(take(LockMode::kExclusive, {"shoal run"}));
  std::string told;
  std::jthread releases([&] {
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
    owner.reset();
  });
  const FileLock next =
      take(LockMode::kExclusive,
           {"b", 60, [&](const std::string& text) { told = text; }});
  EXPECT_NE(told.find("the thing waits for shoal run"), std::string::npos);
  refused(LockMode::kExclusive, "busy", {"c", 0.02});
}

// However a process ends, what it owned is free at once; what it left behind
// means nothing.
TEST_F(FileLockTest, AKilledOwnerLeavesNoLock) {
  int ready[2];
  ASSERT_EQ(pipe(ready), 0);
  const pid_t child = fork();
  if (child == 0) {
    const FileLock owner = take(LockMode::kExclusive, {"shoal run"});
    static_cast<void>(!write(ready[1], "x", 1));
    for (;;) pause();
  }
  char byte = 0;
  ASSERT_EQ(read(ready[0], &byte, 1), 1);
  refused(LockMode::kExclusive, "process " + std::to_string(child));
  kill(child, SIGKILL);
  waitpid(child, nullptr, 0);
  close(ready[0]);
  close(ready[1]);
  EXPECT_TRUE(there());
  const FileLock next = take(LockMode::kExclusive);
}

// Removing the file when it is released must let nobody in twice.
TEST_F(FileLockTest, ManyTakeTurns) {
  constexpr int kThreads = 4, kTurns = 100;
  int inside = 0, most = 0, turns = 0;  // the lock is all that guards them
  std::vector<std::jthread> threads;
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([&] {
      for (int n = 0; n < kTurns; ++n) {
        const FileLock owner = take(LockMode::kExclusive, {"t", 600});
        most = std::max(most, ++inside);
        ++turns;
        if (n % 10 == 0) std::this_thread::yield();
        --inside;
      }
    });
  }
  threads.clear();
  EXPECT_EQ(most, 1);
  EXPECT_EQ(turns, kThreads * kTurns);
}

TEST_F(FileLockTest, WhatIsNoLockFile) {
  // Anybody may have written it; a terminal must not obey it.
  write_file(path_, std::string("\x1b[31mred\x1b[0m\nmore"));
  {
    const FileLock owner = take(LockMode::kExclusive);
    // In place: write_file() would put another file there.
    std::ofstream(path_) << "\x1b[31mred\nmore";
    refused(LockMode::kExclusive, "busy: ?[31mred has it");
  }
  ASSERT_EQ(mkfifo(path_.c_str(), 0600), 0);
  EXPECT_THROW(take(LockMode::kExclusive), Error);
  std::filesystem::remove(path_);
  std::filesystem::create_symlink("/dev/null", path_);
  EXPECT_THROW(take(LockMode::kExclusive), Error);
}

// Where nothing can be written there are readers only.
TEST_F(FileLockTest, ReadOnlyFolders) {
  if (geteuid() == 0) GTEST_SKIP() << "root may write everywhere";
  chmod(folder_.path().c_str(), 0500);
  { const FileLock reader = take(LockMode::kShared); }
  EXPECT_THROW(take(LockMode::kExclusive), Error);
  chmod(folder_.path().c_str(), 0700);
  EXPECT_FALSE(there());
}

}  // namespace
}  // namespace shoal
