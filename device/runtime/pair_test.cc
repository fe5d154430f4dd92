// A second core that does not start, stops or comes late: an error at once or
// after the time-out, and a board that goes on with one core. What two cores
// compute is tested by all programs of expect_program.h.
#include "device/runtime/pair.h"

#include <gtest/gtest.h>

#include "device/runtime/testing/run_program.h"
#include "device/runtime/testing/sample_programs.h"
#include "device/runtime/testing/thread_pair.h"

namespace shoal::test {
namespace {

// A core that answers as often as it is told, in the test's own thread.
struct StubCore {
  int starts = 0, answers = 0;
  bool refuses = false;
  shoal_pair pair{};
  const shoal_second_core core = {this, start, ring, wait, 1000, 1};

  static StubCore& of(void* user) { return *static_cast<StubCore*>(user); }
  static int start(void* user, shoal_pair*) {
    ++of(user).starts;
    return of(user).refuses ? -1 : 0;
  }
  static void ring(void*) {}
  static int wait(void* user, const uint32_t* word, uint32_t value, uint32_t) {
    StubCore& stub = of(user);
    if (stub.answers > 0) {
      --stub.answers;
      stub.serve();
    }
    return shoal_read_word(word) == value ? 0 : -1;
  }
  // Does what shoal_serve_pair() does for one job.
  void serve() {
    const auto* const job = static_cast<const CoreJob*>(pair.job);
    if (job && !pair.withdrawn) job->run(*job);
    pair.done = pair.asked;
  }
};

RunResult run(Sample s, shoal_pair* pair) {
  RunOptions options;
  options.pair = pair;
  return run_program(s.program.build(), s.inputs, options);
}

TEST(Pair, ACoreThatCannotBeStarted) {
  StubCore stub;
  stub.refuses = true;
  EXPECT_EQ(shoal_start_pair(&stub.pair, &stub.core), SHOAL_SECOND_CORE);
}

TEST(Pair, ACoreThatDoesNothing) {
  StubCore stub;
  EXPECT_EQ(shoal_start_pair(&stub.pair, &stub.core), SHOAL_SECOND_CORE);
  EXPECT_EQ(stub.starts, 1);
  const Sample s = two_stage_sample();
  EXPECT_EQ(run(s, &stub.pair).status, Status::kSecondCore);
  const RunResult alone = run(s, nullptr);
  EXPECT_EQ(alone.status, Status::kOk);
  stub.answers = 1;
  EXPECT_EQ(shoal_start_pair(&stub.pair, &stub.core), SHOAL_OK);
  stub.answers = 1 << 20;
  const RunResult both = run(s, &stub.pair);
  EXPECT_EQ(both.status, Status::kOk);
  EXPECT_EQ(both.outputs, alone.outputs);
  EXPECT_GT(stub.pair.asked, 1u);
}

TEST(Pair, ACoreThatStopsAtAnyJob) {
  const Sample s = two_stage_sample();
  const RunResult alone = run(s, nullptr);
  StubCore all;
  all.answers = 1 << 20;
  ASSERT_EQ(shoal_start_pair(&all.pair, &all.core), SHOAL_OK);
  ASSERT_EQ(run(s, &all.pair).status, Status::kOk);
  const uint32_t jobs = all.pair.asked - 1;
  ASSERT_GT(jobs, 3u);
  for (uint32_t n = 0; n < jobs; ++n) {
    StubCore stub;
    stub.answers = 1;
    ASSERT_EQ(shoal_start_pair(&stub.pair, &stub.core), SHOAL_OK);
    stub.answers = static_cast<int>(n);
    EXPECT_EQ(run(s, &stub.pair).status, Status::kSecondCore);
    EXPECT_EQ(run(s, &stub.pair).status, Status::kSecondCore);
    EXPECT_EQ(run(s, nullptr).outputs, alone.outputs);
    // It comes back, finds its job withdrawn, whose memory is gone, and is of
    // use again.
    stub.serve();
    stub.answers = 1 << 20;
    EXPECT_EQ(run(s, &stub.pair).outputs, alone.outputs);
  }
}

TEST(Pair, ItIsStoppedAndStartedAgain) {
  const Sample s = two_stage_sample();
  const RunResult alone = run(s, nullptr);
  for (int i = 0; i < 3; ++i) {
    ThreadPair pair;
    EXPECT_EQ(run(s, pair.get()).outputs, alone.outputs);
    EXPECT_GT(pair.jobs(), 0u);
  }
}

// The numbers of jobs turn without a job that is lost or done twice.
TEST(Pair, NumbersTurn) {
  const Sample s = two_stage_sample();
  const RunResult alone = run(s, nullptr);
  StubCore stub;
  stub.answers = 1 << 20;
  ASSERT_EQ(shoal_start_pair(&stub.pair, &stub.core), SHOAL_OK);
  stub.pair.asked = stub.pair.done = 0xFFFFFFFE;
  EXPECT_EQ(run(s, &stub.pair).outputs, alone.outputs);
  EXPECT_LT(stub.pair.asked, 1000u);
}

}  // namespace
}  // namespace shoal::test
