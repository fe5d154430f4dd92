#include "device/runtime/node.h"

namespace shoal {

// The walk goes over the recorded order as execution does, only ahead of it,
// and names the same chunks in the same sequence.
void Node::tape_begin() {
  walk_ = {};
  tape_used_ = tape_loaded_ = tape_asked_ = 0;
  tape_last_ = tape_current_ = nullptr;
  if (stage_.header->slot_count) enter_run();
}

uint8_t* Node::slot(uint32_t number) const {
  const StageHeader& h = *stage_.header;
  return arena_ + h.slots + number % h.slot_count * h.slot_bytes;
}

// Which part of a cut window a run begins with follows from all runs before.
void Node::enter_run() {
  walk_.firing = walk_.iteration = walk_.inner = 0;
  walk_.before = 0;
  if (walk_.run >= stage_.header->order) return;
  const uint16_t unit = stage_.order[walk_.run].actor;
  const ActorRecord& a = stage_.actors[unit];
  if (a.weights == kNone || (!is_cut(a) && a.op != OpCode::kConstant)) return;
  for (uint32_t r = 0; r < walk_.run; ++r) {
    if (stage_.order[r].actor == unit) walk_.before += stage_.order[r].firings;
  }
}

void Node::next_run() {
  ++walk_.run;
  enter_run();
}

// Moves to the next chunk to read, tape_last_; false at the end.
bool Node::tape_next() {
  while (walk_.run < stage_.header->order) {
    const OrderRun& run = stage_.order[walk_.run];
    if (walk_.firing == run.firings) {
      next_run();
      continue;
    }
    const ActorRecord& a = stage_.actors[run.actor];
    const bool found =
        a.loop == kNone ? walk_unit(a) : walk_loop(stage_.loops[a.loop]);
    if (found) return true;
  }
  return false;
}

bool Node::want(const ActorRecord& a, int firing, int iteration, int group) {
  if (a.weights == kNone ||
      stage_.weights[a.weights].place != WeightPlace::kTape) {
    return false;
  }
  const ChunkRecord* c =
      stage_.chunks + chunk_index(stage_, a, firing, iteration, group);
  if (c == tape_last_) return false;
  tape_last_ = c;
  return true;
}

// The next chunk of the run's actor, or the end of the run.
bool Node::walk_unit(const ActorRecord& a) {
  const OrderRun& run = stage_.order[walk_.run];
  const uint32_t wrap =
      static_cast<uint32_t>(firing_count(row_rule(stage_, a)));
  const int groups = chunks_a_firing(stage_, a);
  while (walk_.firing < run.firings) {
    const int firing = static_cast<int>((walk_.before + walk_.firing) % wrap);
    const int group = walk_.iteration;
    if (++walk_.iteration == groups) {
      walk_.iteration = 0;
      ++walk_.firing;
    }
    if (want(a, firing, 0, group)) return true;
  }
  return false;
}

bool Node::walk_loop(const LoopRecord& l) {
  const OrderRun& run = stage_.order[walk_.run];
  while (walk_.firing < run.firings) {
    const ActorRecord& a = stage_.actors[l.first_actor + walk_.inner];
    const int iteration = walk_.iteration;
    if (++walk_.inner == l.actors) {
      walk_.inner = 0;
      if (++walk_.iteration == l.iterations) {
        walk_.iteration = 0;
        ++walk_.firing;
      }
    }
    if (want(a, 0, iteration, 0)) return true;
  }
  return false;
}

}  // namespace shoal
