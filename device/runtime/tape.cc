#include "device/program/tag.h"
#include "device/runtime/node.h"

namespace shoal {

// The walk goes over the recorded order as execution does, only ahead of it,
// and names the same chunks in the same sequence.
void Node::tape_begin() {
  walk_ = {};
  tape_used_ = tape_loaded_ = 0;
  tape_last_ = tape_current_ = nullptr;
  if (stage_.header->slot_count) enter_run();
}

uint8_t* Node::slot(uint32_t number) const {
  const StageHeader& h = *stage_.header;
  return arena_ + h.slots + number % h.slot_count * h.slot_bytes;
}

// Null while the chunk is not there.
const uint8_t* Node::chunk_bytes(const ActorRecord& a, const ChunkRecord& c) {
  if (stage_.weights[a.weights].place == WeightPlace::kMapped) {
    return source_.mapped + c.offset;
  }
  if (tape_current_ != &c) {
    if (tape_current_) ++tape_used_;
    tape_current_ = nullptr;
    if (tape_used_ == tape_loaded_) return nullptr;
    tape_current_ = &c;
  }
  return slot(tape_used_);
}

// Takes in what has arrived and keeps one read under way while a slot is
// free.
Status Node::tape_step() {
  if (reading_) {
    const Status read = poll_read();
    if (read == Status::kWait) return Status::kOk;
    if (read != Status::kOk) return read;
    const Status arrived = tape_arrived();
    if (arrived != Status::kOk) return arrived;
  }
  if (tape_loaded_ - tape_used_ == stage_.header->slot_count)
    return Status::kOk;
  if (!tape_next()) return Status::kOk;
  const Status start = start_read(
      tape_last_->offset, tape_last_->bytes + kTagBytes, slot(tape_loaded_));
  return start == Status::kWait ? Status::kOk : start;
}

Status Node::tape_arrived() {
  const uint8_t* bytes = slot(tape_loaded_);
  const ChunkRecord& c = *tape_last_;
  Fault fault;
  fault.table = Table::kChunk;
  fault.stage = stage_index_;
  fault.index = static_cast<uint16_t>(&c - stage_.chunks);
  if (!tag_follows(TagKind::kChunk, c.offset, header().generation, bytes,
                   c.bytes)) {
    fault.status = Status::kBadTag;
    return fail(fault);
  }
  if (!chunk_values_ok(tape_op_, c, bytes)) {
    fault.status = Status::kBadRecord;
    return fail(fault);
  }
  ++tape_loaded_;
  return Status::kOk;
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
      stage_.weights[a.weights].place == WeightPlace::kMapped) {
    return false;
  }
  const ChunkRecord* c =
      stage_.chunks + chunk_index(stage_, a, firing, iteration, group);
  if (c == tape_last_) return false;
  tape_last_ = c;
  tape_op_ = a.op;
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
