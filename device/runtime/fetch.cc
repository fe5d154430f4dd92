#include <cstring>

#include "device/program/tag.h"
#include "device/runtime/node.h"

namespace shoal {

Status Node::start_read(uint32_t offset, uint32_t bytes, uint8_t* to) {
  const Status status = reader_.start(offset, bytes, to);
  return failed(status) ? read_failed() : status;
}

Status Node::poll_read() {
  const Status status = reader_.poll();
  return failed(status) ? read_failed() : status;
}

Status Node::read_failed() {
  if (asked_for_) {
    const Fetch& f = fetch_[repair_ == Repair::kReading ? 0 : asked_for_ - 1];
    return fail(chunk_fault(Status::kStorage, *f.chunk));
  }
  Fault fault;
  fault.status = Status::kStorage;
  if (phase_ == Phase::kRecords || phase_ == Phase::kEnter) {
    fault.table = Table::kStage;
    fault.stage = stage_index_;
  }
  return fail(fault);
}

void Node::fetch_begin() {
  asked_for_ = arrived_ = 0;
  repair_ = Repair::kNone;
  next_set_ = there_ = {};
  schedule_.sets_there = 0;
}

// Takes in what has arrived, asks for the next chunk and then checks the one
// that is there, so that storage is not idle meanwhile. kOk: one was checked.
Status Node::fetch_step() {
  if (reader_.busy()) {
    const Status read = poll_read();
    if (failed(read)) return read;
    if (read == Status::kOk) {
      if (repair_ == Repair::kReading) {
        repair_ = Repair::kNone;
      } else {
        ++arrived_;
      }
    }
  }
  const Status next = fetch_next();
  if (failed(next)) return next;
  const bool waits = arrived_ == 0 || repair_ != Repair::kNone;
  return waits ? Status::kWait : fetched();
}

Status Node::fetch_next() {
  if (reader_.busy() || area_.uses_storage()) return Status::kWait;
  if (repair_ == Repair::kWanted) {
    repair_ = Repair::kReading;
    ++reader_.counts.retries;
    const Fetch& f = fetch_[0];
    return start_read(f.chunk->offset, f.chunk->bytes + kTagBytes, f.to);
  }
  if (area_.wants_storage() && spill_turn_) return Status::kWait;
  if (asked_for_ == 2) return Status::kWait;
  Fetch f;
  if (!next_fetch(f)) return Status::kWait;
  fetch_[asked_for_++] = f;
  const ChunkRecord& c = *f.chunk;
  if (c.offset < header().program_bytes) {
    std::memcpy(f.to, source_.mapped + c.offset, c.bytes + kTagBytes);
    ++arrived_;
    return Status::kWait;
  }
  spill_turn_ = true;
  return start_read(c.offset, c.bytes + kTagBytes, f.to);
}

// Sets first, as all of a set is needed before its first use.
bool Node::next_fetch(Fetch& f) {
  f.chunk = next_of_sets(next_set_);
  if (f.chunk) {
    f.to = ports_.arena + ports_.stage.weights[next_set_.weights].arena +
           next_set_.offset;
    f.of_set = true;
    pass_set_chunk(next_set_);
    return true;
  }
  if (phase_ == Phase::kRun) f.chunk = tape_.ask(f.to);
  return f.chunk != nullptr;
}

// Checks the first chunk. A wrong one is read again, once.
Status Node::fetched() {
  Fetch& f = fetch_[0];
  const ChunkRecord& c = *f.chunk;
  const bool stored = c.offset >= header().program_bytes;
  const bool sealed = stored && (header().flags & kStoreSealed);
  if (stored) reader_.counts.checked_bytes += c.bytes + kTagBytes;
  const bool good =
      sealed ? open_chunk(*config_.store_cipher, key_, c.offset, f.to, c.bytes)
             : tag_follows(TagKind::kChunk, c.offset, header().generation, f.to,
                           c.bytes);
  if (!good) {
    if (f.again || !stored) return fail(chunk_fault(Status::kBadTag, c));
    f.again = true;
    repair_ = Repair::kWanted;
    return Status::kOk;
  }
  if (!chunk_values_ok(user_of(c).op, c, f.to)) {
    return fail(chunk_fault(Status::kBadRecord, c));
  }
  const bool of_set = f.of_set;
  fetch_[0] = fetch_[1];
  --asked_for_, --arrived_;
  if (!of_set) {
    tape_.loaded();
    return Status::kOk;
  }
  next_of_sets(there_);
  pass_set_chunk(there_);
  schedule_.sets_there = there_.weights;
  if (phase_ == Phase::kRun && there_.index == 0) {
    schedule_.wake(schedule_.unit_of(
        static_cast<uint16_t>(&user_of(c) - ports_.stage.actors)));
  }
  return Status::kOk;
}

Fault Node::chunk_fault(Status status, const ChunkRecord& c) const {
  Fault f;
  f.status = status;
  f.table = Table::kChunk;
  f.stage = stage_index_;
  f.index = static_cast<uint16_t>(&c - ports_.stage.chunks);
  f.layer = user_of(c).layer;
  return f;
}

// Every chunk is of one actor's set.
const ActorRecord& Node::user_of(const ChunkRecord& c) const {
  const auto index = static_cast<uint32_t>(&c - ports_.stage.chunks);
  const ActorRecord* user = ports_.stage.actors;
  for (uint32_t i = 0; i < ports_.stage.header->actors; ++i) {
    const ActorRecord& a = ports_.stage.actors[i];
    if (a.weights == kNone) continue;
    if (ports_.stage.weights[a.weights].first_chunk > index) break;
    user = &a;
  }
  return *user;
}

// The chunk at the walk, after it has passed what is not wanted now; null at
// the end.
const ChunkRecord* Node::next_of_sets(SetWalk& walk) const {
  for (; walk.weights < ports_.stage.header->weights; ++walk.weights) {
    const WeightRecord& w = ports_.stage.weights[walk.weights];
    if (w.place == WeightPlace::kSram && stays(w) == (phase_ == Phase::kKeep)) {
      return ports_.stage.chunks + w.first_chunk + walk.index;
    }
  }
  return nullptr;
}

void Node::pass_set_chunk(SetWalk& walk) const {
  const WeightRecord& w = ports_.stage.weights[walk.weights];
  walk.offset += sram_bytes(ports_.stage.chunks[w.first_chunk + walk.index]);
  if (++walk.index < uint32_t{w.parts} * w.groups) return;
  walk = {0, static_cast<uint16_t>(walk.weights + 1), 0};
}

// Null while a chunk of the tape is not there.
const uint8_t* Node::chunk_bytes(const ActorRecord& a, const ChunkRecord& c) {
  const WeightRecord& w = ports_.stage.weights[a.weights];
  if (w.place == WeightPlace::kMapped) return source_.mapped + c.offset;
  if (w.place == WeightPlace::kSram) {
    const uint8_t* bytes = ports_.arena + w.arena;
    const ChunkRecord* before = ports_.stage.chunks + w.first_chunk;
    for (; before != &c; ++before) bytes += sram_bytes(*before);
    return bytes;
  }
  return tape_.use(c);
}

}  // namespace shoal
