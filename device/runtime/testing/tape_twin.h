// Makes the twin of a data-driven program that fires in a recorded order and
// has its weights on a tape.
#pragma once

#include <vector>

#include "device/runtime/testing/program_builder.h"
#include "device/runtime/testing/run_program.h"

namespace shoal::test {

// The order in which a data-driven run fires, per stage.
using Order = std::vector<std::vector<OrderRun>>;

// Adds a firing, as an observer sees it.
inline void record_firing(const ProgramBuilder& p, const Firing& f,
                          Order& order) {
  if (f.frame > 0) return;
  order.resize(p.stages.size());
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
}

// Rows come early only where the stage before has no weights that pass through
// the arena.
inline void in_time(ProgramBuilder& p) {
  for (StageSpec& s : p.stages) {
    for (StageSpec::Stream& stream : s.streams) stream.early = false;
  }
}

// The same program in that order, all weights on the tape.
inline ProgramBuilder on_tape(ProgramBuilder p, const Order& order,
                              bool mapped) {
  in_time(p);
  for (size_t s = 0; s < p.stages.size(); ++s) {
    if (s < order.size()) p.stages[s].order = order[s];
    for (ActorSpec& a : p.stages[s].actors) {
      a.tape = true;
      if (!a.chunks.empty()) p.stages[s].slot_count = 2;
    }
  }
  p.mapped = mapped;
  return p;
}

// The same program, all weights in SRAM.
inline ProgramBuilder in_sram(ProgramBuilder p, bool keep, bool mapped) {
  if (!keep) in_time(p);
  for (StageSpec& s : p.stages) {
    for (ActorSpec& a : s.actors) a.sram = true, a.keep = keep;
  }
  p.mapped = mapped;
  return p;
}

// The same program, its weights kept in all banks, one set after another.
inline ProgramBuilder in_banks(const ProgramBuilder& p, bool mapped) {
  ProgramBuilder q = in_sram(p, true, mapped);
  int bank = 0;
  for (StageSpec& s : q.stages) {
    for (ActorSpec& a : s.actors) {
      if (!a.chunks.empty()) a.bank = bank = (bank + 1) % (kMaxBanks + 1);
    }
  }
  return q;
}

inline ProgramBuilder on_tape(const ProgramBuilder& p,
                              const std::vector<Bytes>& inputs, bool mapped) {
  Order order;
  RunOptions options;
  options.observer = [&](const Firing& f) { record_firing(p, f, order); };
  run_program(ProgramBuilder(p).build(), inputs, options);
  return on_tape(p, order, mapped);
}

}  // namespace shoal::test
