// For tests: what every hand-made program must do besides giving the wanted
// bytes: keep inside an arena that may not be a byte smaller, give the same
// frame after frame, and again as a program with a recorded order whose
// weights come from a tape and whose records come from storage.
#pragma once

#include <gtest/gtest.h>

#include <vector>

#include "device/runtime/program_builder.h"
#include "device/runtime/run_program.h"

namespace shoal::test {

// The order in which a data-driven run fires, per stage.
inline std::vector<std::vector<OrderRun>> record_order(
    ProgramBuilder p, const std::vector<Bytes>& inputs) {
  std::vector<std::vector<OrderRun>> order(p.stages.size());
  RunOptions options;
  options.tap = [&](const Firing& f) {
    if (f.frame > 0) return;
    const StageSpec& stage = p.stages[f.stage];
    const ActorRecord& a = stage.actors[f.actor].r;
    uint16_t unit = f.actor, firings = 1;
    if (a.loop != kNone) {
      const LoopRecord& l = stage.loops[a.loop];
      if (f.actor + 1 != l.first_actor + l.actors) return;
      unit = l.first_actor;
    } else if (is_cut(a)) {
      firings = static_cast<uint16_t>(ceil_div(a.kernel_h, a.part));
    }
    auto& runs = order[f.stage];
    if (runs.empty() || runs.back().actor != unit) runs.push_back({unit, 0});
    runs.back().firings = static_cast<uint16_t>(runs.back().firings + firings);
  };
  run_program(p.build(), inputs, options);
  return order;
}

// The same program in recorded order, all weights on the tape.
inline ProgramBuilder on_tape(ProgramBuilder p,
                              const std::vector<Bytes>& inputs, bool mapped) {
  const auto order = record_order(p, inputs);
  bool weights = false;
  for (size_t s = 0; s < p.stages.size(); ++s) {
    p.stages[s].order = order[s];
    for (ActorSpec& a : p.stages[s].actors) {
      a.tape = true;
      weights |= !a.chunks.empty();
    }
  }
  p.mapped = mapped;
  p.slot_count = weights ? 2 : 0;
  return p;
}

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
  for (int delay = 0; delay <= 3; delay += 3) {
    for (bool mapped : {true, false}) {
      SCOPED_TRACE(mapped ? "tape" : "tape, unmapped");
      RunOptions o;
      o.frames = 2, o.mapped = mapped, o.storage_delay = delay;
      expect_run(on_tape(p, inputs, mapped).build(), inputs, wanted, o);
      if (testing::Test::HasFatalFailure()) return;
    }
  }
}

}  // namespace shoal::test
