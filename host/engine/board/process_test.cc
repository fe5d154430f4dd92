#include "host/engine/board/process.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <string>

#include "host/base/error.h"

namespace {

int signals_to_many = 0;

}  // namespace

// In place of the library's, in this whole program: a mistake is counted, and
// reaches nobody.
extern "C" int kill(pid_t to, int number) noexcept {
  if (to > 0) return static_cast<int>(syscall(SYS_kill, to, number));
  ++signals_to_many;
  errno = EPERM;
  return -1;
}

namespace shoal {
namespace {

struct Told {
  Ended ended;
  std::string out;
};

Told run(const std::string& script, int seconds = 60) {
  Told r;
  r.ended = run_process({"sh", "-c", script}, seconds,
                        [&](std::span<const uint8_t> bytes) {
                          r.out.append(bytes.begin(), bytes.end());
                        });
  return r;
}

TEST(Process, OutputErrorsAndCode) {
  const Told r = run("echo out; echo err >&2; exit 7");
  EXPECT_EQ(r.out, "out\n");
  EXPECT_EQ(r.ended.error_text, "err\n");
  EXPECT_EQ(r.ended.code, 7);
  EXPECT_FALSE(r.ended.timed_out);
}

TEST(Process, MoreThanAPipeHolds) {
  const Told r = run("head -c 300000 /dev/zero; head -c 300000 /dev/zero >&2");
  EXPECT_EQ(r.out.size(), 300000u);
  EXPECT_LT(r.ended.error_text.size(), 300000u);
  EXPECT_EQ(r.ended.code, 0);
}

TEST(Process, StdinIsEmpty) { EXPECT_EQ(run("cat; echo end").out, "end\n"); }

TEST(Process, TheSilentOneIsKilledByItsNumber) {
  const Told r = run("echo $$; exec sleep 1000", 1);
  EXPECT_TRUE(r.ended.timed_out);
  EXPECT_EQ(r.ended.code, 128 + SIGKILL);
  EXPECT_NE(kill(std::stoi(r.out), 0), 0) << r.out << " still runs";
}

TEST(Process, ItsEndIsAskedForTwice) {
  ChildProcess p({"sh", "-c", "echo why >&2; exit 7"});
  while (!p.silent()) p.listen(std::chrono::milliseconds(100), [](auto) {});
  for (const bool kill_it : {false, true, true}) {
    const Ended e = p.end(kill_it);
    EXPECT_EQ(e.code, 7);
    EXPECT_EQ(e.error_text, "why\n");
  }
  EXPECT_EQ(signals_to_many, 0);
}

TEST(Process, WhatTheListenerThrowsEndsIt) {
  std::string pid;
  EXPECT_THROW(run_process({"sh", "-c", "echo $$; exec sleep 1000"}, 60,
                           [&](std::span<const uint8_t> bytes) {
                             pid.append(bytes.begin(), bytes.end());
                             throw Error(Exit::kNode, "enough");
                           }),
               Error);
  EXPECT_NE(kill(std::stoi(pid), 0), 0) << pid << " still runs";
}

TEST(Process, AMissingProgramIsNamed) {
  EXPECT_FALSE(has_program("no-such-program-of-shoal"));
  EXPECT_TRUE(has_program("sh"));
  try {
    run_process({"no-such-program-of-shoal"}, 1, [](auto) {});
    FAIL() << "it ran";
  } catch (const Error& e) {
    EXPECT_EQ(e.code(), Exit::kInternal);
    EXPECT_EQ(std::string(e.what()),
              "no-such-program-of-shoal is not installed");
  }
}

}  // namespace
}  // namespace shoal
