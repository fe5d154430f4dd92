#include "device/runtime/storage/tape.h"

namespace shoal {

void Tape::begin() {
  walk_ = {};
  used_ = loaded_ = asked_ = 0;
  last_ = current_ = nullptr;
  if (ports_.stage.header->slot_count) enter_run();
}

uint8_t* Tape::slot(uint32_t number) const {
  const StageHeader& h = *ports_.stage.header;
  return ports_.arena + h.slots + number % h.slot_count * h.slot_bytes;
}

const ChunkRecord* Tape::ask(uint8_t*& to) {
  const uint16_t slots = ports_.stage.header->slot_count;
  if (slots == 0 || asked_ - used_ == slots || !next()) return nullptr;
  to = slot(asked_++);
  return last_;
}

const uint8_t* Tape::use(const ChunkRecord& c) {
  if (current_ != &c) {
    if (current_) ++used_;
    current_ = nullptr;
    if (used_ == loaded_) return nullptr;
    current_ = &c;
  }
  return slot(used_);
}

// Which part of a cut window a run begins with follows from all runs before.
void Tape::enter_run() {
  walk_.firing = walk_.iteration = walk_.inner = 0;
  walk_.before = 0;
  if (walk_.run >= ports_.stage.header->order) return;
  const uint16_t unit = ports_.stage.order[walk_.run].actor;
  const ActorRecord& a = ports_.stage.actors[unit];
  if (a.weights == kNone || (!is_cut(a) && a.op != OpCode::kConstant)) return;
  for (uint32_t r = 0; r < walk_.run; ++r) {
    if (ports_.stage.order[r].actor == unit)
      walk_.before += ports_.stage.order[r].firings;
  }
}

void Tape::next_run() {
  ++walk_.run;
  enter_run();
}

// Moves to the next chunk to read, last_; false at the end.
bool Tape::next() {
  while (walk_.run < ports_.stage.header->order) {
    const OrderRun& run = ports_.stage.order[walk_.run];
    if (walk_.firing == run.firings) {
      next_run();
      continue;
    }
    const ActorRecord& a = ports_.stage.actors[run.actor];
    const bool found =
        a.loop == kNone ? walk_unit(a) : walk_loop(ports_.stage.loops[a.loop]);
    if (found) return true;
  }
  return false;
}

bool Tape::want(const ActorRecord& a, int firing, int iteration, int group) {
  if (a.weights == kNone ||
      ports_.stage.weights[a.weights].place != WeightPlace::kTape) {
    return false;
  }
  const ChunkRecord* c = ports_.stage.chunks +
                         chunk_index(ports_.stage, a, firing, iteration, group);
  if (c == last_) return false;
  last_ = c;
  return true;
}

// The next chunk of the run's actor, or the end of the run.
bool Tape::walk_unit(const ActorRecord& a) {
  const OrderRun& run = ports_.stage.order[walk_.run];
  const uint32_t wrap =
      static_cast<uint32_t>(firing_count(row_rule(ports_.stage, a)));
  const int groups = chunks_a_firing(ports_.stage, a);
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

bool Tape::walk_loop(const LoopRecord& l) {
  const OrderRun& run = ports_.stage.order[walk_.run];
  while (walk_.firing < run.firings) {
    const ActorRecord& a = ports_.stage.actors[l.first_actor + walk_.inner];
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
