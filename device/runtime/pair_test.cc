// A second core that does not start, stops or comes late: an error at once or
// after the time-out, and a board that goes on with one core. What two cores
// compute is tested by all programs of expect_program.h.
#include "device/runtime/pair.h"

#include <gtest/gtest.h>

#include <cstring>

#include "device/program/testing/seal_image.h"
#include "device/runtime/testing/cluster.h"
#include "device/runtime/testing/linked_samples.h"
#include "device/runtime/testing/run_program.h"
#include "device/runtime/testing/sample_programs.h"
#include "device/runtime/testing/stub_core.h"
#include "device/runtime/testing/thread_pair.h"

namespace shoal::test {
namespace {

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
  stub.lazy = true;
  EXPECT_EQ(shoal_start_pair(&stub.pair, &stub.core), SHOAL_SECOND_CORE);
  EXPECT_EQ(shoal_pair_status(&stub.pair), SHOAL_SECOND_CORE);
  EXPECT_EQ(stub.starts, 1);
  const Sample s = two_stage_sample();
  const RunResult alone = run(s, nullptr);
  EXPECT_EQ(alone.status, Status::kOk);
  EXPECT_EQ(run(s, &stub.pair).outputs, alone.outputs);
  EXPECT_EQ(stub.pair.asked, 1u);
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

// It writes nothing, so the first core makes that half and all others itself,
// until the other one is back.
TEST(Pair, ACoreThatBeginsNoJobCostsNoFrame) {
  const Sample s = two_stage_sample();
  const RunResult alone = run(s, nullptr);
  for (const bool can_stop : {false, true}) {
    for (int n = 0; n < 4; ++n) {
      StubCore stub;
      stub.lazy = true;
      stub.can_stop = can_stop;
      stub.answers = 1;
      ASSERT_EQ(shoal_start_pair(&stub.pair, &stub.core), SHOAL_OK);
      EXPECT_EQ(shoal_pair_status(&stub.pair), SHOAL_OK);
      stub.answers = n;
      EXPECT_EQ(run(s, &stub.pair).outputs, alone.outputs);
      EXPECT_EQ(stub.starts, can_stop ? 2 : 1);
      EXPECT_EQ(shoal_pair_status(&stub.pair),
                can_stop ? SHOAL_OK : SHOAL_SECOND_CORE);
      const uint32_t jobs = stub.pair.asked;
      EXPECT_EQ(run(s, &stub.pair).outputs, alone.outputs);
      if (can_stop) continue;
      EXPECT_EQ(stub.pair.asked, jobs);
      stub.serve();
      stub.answers = 1 << 20;
      EXPECT_EQ(shoal_pair_status(&stub.pair), SHOAL_OK);
      EXPECT_EQ(run(s, &stub.pair).outputs, alone.outputs);
      EXPECT_GT(stub.pair.asked, jobs);
    }
  }
}

// Nodes that are open go on with one core.
TEST(Pair, ACoreThatIsStoppedLeavesTheWorkToTheOtherOne) {
  const Sample s = two_stage_sample();
  const RunResult alone = run(s, nullptr);
  for (const bool hangs : {false, true}) {
    StubCore stub;
    stub.answers = 1 << 20;
    ASSERT_EQ(shoal_start_pair(&stub.pair, &stub.core), SHOAL_OK);
    if (hangs) {
      stub.answers = 1;
      EXPECT_EQ(run(s, &stub.pair).status, Status::kSecondCore);
      EXPECT_EQ(shoal_stop_pair(&stub.pair), SHOAL_SECOND_CORE);
      EXPECT_EQ(run(s, &stub.pair).status, Status::kSecondCore);
      stub.can_stop = true;
    }
    ASSERT_EQ(shoal_stop_pair(&stub.pair), SHOAL_OK);
    EXPECT_EQ(shoal_pair_status(&stub.pair), SHOAL_SECOND_CORE);
    const uint32_t jobs = stub.pair.asked;
    EXPECT_EQ(run(s, &stub.pair).outputs, alone.outputs);
    // It is not asked to leave again, since nobody would answer.
    stub.answers = 0;
    EXPECT_EQ(shoal_stop_pair(&stub.pair), SHOAL_OK);
    EXPECT_EQ(stub.pair.asked, jobs);
    stub.answers = 1 << 20;
    ASSERT_EQ(shoal_start_pair(&stub.pair, &stub.core), SHOAL_OK);
    EXPECT_EQ(run(s, &stub.pair).outputs, alone.outputs);
    EXPECT_GT(stub.pair.asked, 1u);
  }
}

// The first core was told that it still runs, and counts on it once it is idle.
TEST(Pair, ACoreThatIsAskedToLeaveInVainStays) {
  StubCore stub;
  stub.lazy = true;
  stub.answers = 1;
  ASSERT_EQ(shoal_start_pair(&stub.pair, &stub.core), SHOAL_OK);
  ASSERT_EQ(shoal_stop_pair(&stub.pair), SHOAL_SECOND_CORE);
  const uint32_t number = stub.pair.asked;
  shoal_serve_pair(&stub.pair);
  EXPECT_EQ(stub.pair.done, number + 1);
}

TEST(Pair, ACoreThatHangsIsStoppedAndStartsAgain) {
  const Sample s = two_stage_sample();
  const RunResult alone = run(s, nullptr);
  for (int n = 0; n < 4; ++n) {
    StubCore stub;
    stub.can_stop = true;
    stub.answers = 1;
    ASSERT_EQ(shoal_start_pair(&stub.pair, &stub.core), SHOAL_OK);
    stub.answers = n;
    EXPECT_EQ(run(s, &stub.pair).status, Status::kSecondCore);
    EXPECT_EQ(stub.stops, 1);
    EXPECT_EQ(stub.starts, 2);
    EXPECT_TRUE(is_idle(stub.pair));
    EXPECT_EQ(run(s, &stub.pair).outputs, alone.outputs);
    // One that then does not start leaves the board to the other core.
    stub.answers = n;
    stub.refuses = true;
    EXPECT_EQ(run(s, &stub.pair).status, Status::kSecondCore);
    EXPECT_FALSE(is_idle(stub.pair));
    EXPECT_EQ(shoal_pair_status(&stub.pair), SHOAL_SECOND_CORE);
    EXPECT_EQ(run(s, &stub.pair).outputs, alone.outputs);
    EXPECT_EQ(stub.stops, 2);
    // A core that starts later makes halves again.
    stub.refuses = false;
    ASSERT_EQ(shoal_start_pair(&stub.pair, &stub.core), SHOAL_OK);
    EXPECT_EQ(run(s, &stub.pair).outputs, alone.outputs);
    EXPECT_GT(stub.pair.asked, 1u);
  }
}

// A stop that comes too late for the frame is in time for the next one.
TEST(Pair, ACoreThatStopsLateIsBackForTheNextFrame) {
  const Sample s = two_stage_sample();
  StubCore stub;
  stub.answers = 1;
  ASSERT_EQ(shoal_start_pair(&stub.pair, &stub.core), SHOAL_OK);
  EXPECT_EQ(run(s, &stub.pair).status, Status::kSecondCore);
  EXPECT_EQ(stub.starts, 1);
  EXPECT_EQ(run(s, &stub.pair).status, Status::kSecondCore);
  EXPECT_EQ(stub.starts, 1);
  stub.can_stop = true;
  EXPECT_EQ(run(s, &stub.pair).outputs, run(s, nullptr).outputs);
  EXPECT_EQ(stub.starts, 2);
}

// The node still says what it is, and makes the frame again.
TEST(Pair, AFrameIsRepeatedWhenTheCoreIsBack) {
  for (const bool can_stop : {false, true}) {
    Sample s = two_stage_sample();
    const RunResult alone = run(s, nullptr);
    StubCore stub;
    stub.can_stop = can_stop;
    stub.answers = 1 << 20;
    ASSERT_EQ(shoal_start_pair(&stub.pair, &stub.core), SHOAL_OK);
    AlignedBytes image(s.program.build()), arena(Bytes(1 << 16));
    shoal_config config{};
    config.image = image.data();
    config.image_bytes = static_cast<uint32_t>(image.size());
    config.pair = &stub.pair;
    shoal_node node;
    ASSERT_EQ(shoal_open(&node, &config, arena.data(), 1 << 16), SHOAL_OK);
    const uint32_t inputs = shoal_inputs(&node);
    ASSERT_GT(inputs, 0u);
    const uint32_t rows = shoal_input_info(&node, 0).rows;
    const auto frame = [&](Bytes& out) {
      uint32_t pushed = 0, taken = 0;
      const shoal_io_info in = shoal_input_info(&node, 0),
                          of = shoal_output_info(&node, 0);
      out.assign(of.rows * of.row_bytes, 0);
      shoal_status status = SHOAL_OK;
      while (status >= SHOAL_OK && taken < of.rows) {
        if (pushed < in.rows) {
          pushed += shoal_push_rows(
              &node, 0, s.inputs[0].data() + pushed * in.row_bytes, 1);
        }
        status = shoal_step(&node);
        taken += shoal_take_rows(&node, 0, out.data() + taken * of.row_bytes,
                                 of.rows - taken);
      }
      return status;
    };
    Bytes out;
    ASSERT_GE(frame(out), SHOAL_OK);
    EXPECT_EQ(out, alone.outputs[0]);
    stub.answers = 1;
    EXPECT_EQ(frame(out), SHOAL_SECOND_CORE);
    EXPECT_EQ(shoal_inputs(&node), inputs);
    EXPECT_EQ(shoal_input_info(&node, 0).rows, rows);
    if (!can_stop) {
      EXPECT_EQ(shoal_repeat_frame(&node), SHOAL_BAD_ARGUMENT);
      EXPECT_EQ(shoal_restart(&node), SHOAL_SECOND_CORE);
      EXPECT_EQ(shoal_last_fault(&node).status, SHOAL_SECOND_CORE);
      EXPECT_EQ(shoal_step(&node), SHOAL_SECOND_CORE);
      stub.serve();
      stub.answers = 1 << 20;
    }
    ASSERT_EQ(shoal_repeat_frame(&node), SHOAL_OK);
    ASSERT_GE(frame(out), SHOAL_OK);
    EXPECT_EQ(out, alone.outputs[0]);
  }
}

// Its peers have had rows of the frame, which would come twice. The refused
// calls leave the error as it is.
TEST(Pair, ANodeWithPeersDoesNotRepeatItsFrame) {
  int refused = 0;
  for (const LinkedSample& s : linked_samples()) {
    for (const bool can_stop : {false, true}) {
      SCOPED_TRACE(testing::Message() << s.name << " " << can_stop);
      StubCore stub;
      stub.can_stop = can_stop;
      stub.answers = 1;
      ASSERT_EQ(shoal_start_pair(&stub.pair, &stub.core), SHOAL_OK);
      stub.answers = 2;
      ClusterOptions o;
      o.pair = &stub.pair;
      o.failed = [&](shoal_node& node) {
        const shoal_fault fault = shoal_last_fault(&node);
        ASSERT_EQ(fault.status, SHOAL_SECOND_CORE);
        if (!can_stop) stub.serve();
        ASSERT_TRUE(is_idle(stub.pair));
        for (const auto call :
             {shoal_repeat_frame, shoal_reset_variables, shoal_restart}) {
          EXPECT_EQ(call(&node), SHOAL_BAD_ARGUMENT);
          const shoal_fault after = shoal_last_fault(&node);
          EXPECT_EQ(std::memcmp(&after, &fault, sizeof fault), 0);
          EXPECT_EQ(shoal_step(&node), SHOAL_SECOND_CORE);
        }
        ++refused;
      };
      std::vector<uint32_t> bytes;
      for (const auto& frames : s.wanted) {
        bytes.push_back(static_cast<uint32_t>(frames[0].size()));
      }
      run_cluster(s.programs, s.inputs, bytes, o);
    }
  }
  EXPECT_GT(refused, 3);
}

TEST(Pair, ANodeOfAClusterWaitsForLess) {
  StubCore stub;
  shoal_second_core core = stub.core;
  core.timeout_us = 60000000;
  shoal_pair pair{};
  pair.core = &core;
  const auto limit = [&](uint32_t gap_us) {
    limit_half(pair, gap_us);
    return pair.limit_us;
  };
  EXPECT_EQ(limit(0), 60000000u);
  EXPECT_EQ(limit(1), 2000000u);
  EXPECT_EQ(limit(125000), 2000000u);
  EXPECT_EQ(limit(125001), 2000016u);
  EXPECT_EQ(limit(3000000), 48000000u);
  EXPECT_EQ(limit(3750001), 60000000u);
  EXPECT_EQ(limit(~0u), 60000000u);
  core.timeout_us = 1000;
  EXPECT_EQ(limit(0), 1000u);
  EXPECT_EQ(limit(10), 160u);
  EXPECT_EQ(limit(~0u), 1000u);
}

// Its halves have the time that it says.
TEST(Pair, TheTimeOfAHalfIsThatOfTheProgram) {
  Sample s = two_stage_sample();
  StubCore stub;
  stub.answers = 1 << 20;
  ASSERT_EQ(shoal_start_pair(&stub.pair, &stub.core), SHOAL_OK);
  ASSERT_EQ(run(s, &stub.pair).status, Status::kOk);
  EXPECT_EQ(stub.waited_us, 1000u);
  auto image = s.program.build();
  Header h;
  std::memcpy(&h, image.data(), sizeof h);
  h.poll_gap_us = 3;
  std::memcpy(image.data(), &h, sizeof h);
  seal_image(image.data(), static_cast<uint32_t>(image.size()));
  RunOptions options;
  options.pair = &stub.pair;
  ASSERT_EQ(run_program(image, s.inputs, options).status, Status::kOk);
  EXPECT_EQ(stub.waited_us, 48u);
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

// Whatever the cores' speeds, the bytes are those of one core.
TEST(Pair, UnlikeCoresComputeTheSame) {
  const Sample s = two_stage_sample();
  const RunResult alone = run(s, nullptr);
  for (const uint32_t speed :
       {1u, 40u, 85u, 128u, 255u, 257u, 700u, 1024u, 9999u}) {
    ThreadPair pair(speed);
    EXPECT_EQ(run(s, pair.get()).outputs, alone.outputs) << speed;
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
