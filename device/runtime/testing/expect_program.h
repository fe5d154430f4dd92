// Expects of a hand-made program that it gives the wanted bytes, keeps inside
// an arena that may not be a byte smaller, and gives the same frame after
// frame: as it is, as a program with a recorded order whose weights come from a
// tape and whose records come from storage, with its weights in SRAM, in one
// bank or several, and by two cores.
#pragma once

#include <gtest/gtest.h>

#include <vector>

#include "device/runtime/testing/program_builder.h"
#include "device/runtime/testing/run_program.h"
#include "device/runtime/testing/tape_twin.h"
#include "device/runtime/testing/thread_pair.h"

namespace shoal::test {

inline void expect_run(const Bytes& image, const std::vector<Bytes>& inputs,
                       const std::vector<Bytes>& wanted, RunOptions options) {
  const RunResult run = run_program(image, inputs, options);
  ASSERT_EQ(run.status, Status::kOk)
      << "table " << int(run.fault.table) << " stage " << run.fault.stage
      << " index " << run.fault.index << " check " << run.fault.check;
  EXPECT_FALSE(run.spilled);
  ASSERT_EQ(run.outputs.size(), wanted.size());
  for (size_t o = 0; o < wanted.size(); ++o) {
    Bytes all;
    for (int f = 0; f < options.frames; ++f) {
      all.insert(all.end(), wanted[o].begin(), wanted[o].end());
    }
    ASSERT_EQ(run.outputs[o], all) << "output " << o;
  }
  options.arena_less = 1;
  EXPECT_EQ(run_program(image, inputs, options).status, Status::kArenaTooSmall);
}

inline void expect_program(ProgramBuilder p, const std::vector<Bytes>& inputs,
                           const std::vector<Bytes>& wanted) {
  p.inputs = static_cast<int>(inputs.size());
  p.outputs = static_cast<int>(wanted.size());
  const Bytes image = p.build();
  for (int frames = 1; frames <= 3; frames += 2) {
    SCOPED_TRACE("mapped");
    RunOptions o;
    o.frames = frames, o.seed = unsigned(frames);
    expect_run(image, inputs, wanted, o);
    if (testing::Test::HasFatalFailure()) return;
  }
  {
    SCOPED_TRACE("two cores");
    ThreadPair pair;
    RunOptions o;
    o.frames = 2, o.pair = pair.get();
    expect_run(image, inputs, wanted, o);
    if (testing::Test::HasFatalFailure()) return;
  }
  for (int delay = 0; delay <= 3; delay += 3) {
    for (bool mapped : {true, false}) {
      SCOPED_TRACE(mapped ? "tape" : "tape, unmapped");
      RunOptions o;
      o.frames = 2, o.mapped = mapped, o.storage_delay = delay;
      expect_run(on_tape(p, inputs, mapped).build(), inputs, wanted, o);
      if (testing::Test::HasFatalFailure()) return;
    }
  }
  for (bool mapped : {true, false}) {
    SCOPED_TRACE("banks");
    ProgramBuilder q = in_banks(p, mapped);
    q.copied = mapped;
    RunOptions o;
    o.frames = 2, o.mapped = mapped, o.storage_delay = mapped ? -1 : 1;
    expect_run(q.build(), inputs, wanted, o);
  }
  for (bool keep : {false, true}) {
    for (bool mapped : {true, false}) {
      SCOPED_TRACE(keep ? "weights that stay" : "weights in SRAM");
      RunOptions o;
      o.frames = 2, o.mapped = o.mixed = mapped, o.storage_delay = 1;
      expect_run(in_sram(p, keep, mapped).build(), inputs, wanted, o);
      if (testing::Test::HasFatalFailure()) return;
    }
    SCOPED_TRACE("copied");
    ProgramBuilder copied = in_sram(p, keep, true);
    copied.copied = true;
    RunOptions o;
    o.frames = 2;
    expect_run(copied.build(), inputs, wanted, o);
  }
}

}  // namespace shoal::test
