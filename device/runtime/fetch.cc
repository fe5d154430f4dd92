#include <cstring>

#include "device/program/tag.h"
#include "device/runtime/node.h"

namespace shoal {
namespace {

// A read that fails is repeated twice.
constexpr uint8_t kAttempts = 3;

}  // namespace

void Node::take_storage(const shoal_storage* storage) {
  if (!storage) return;
  storage_ = *storage;
  counted_ = {this, count_read, count_poll,
              storage_.write ? count_write : nullptr,
              storage_.erase ? count_erase : nullptr};
}

int Node::count_read(void* self, uint32_t offset, uint32_t bytes, void* to) {
  Node& n = *static_cast<Node*>(self);
  const int answer = n.storage_.read(n.storage_.user, offset, bytes, to);
  if (answer == 0) ++n.counts_.reads, n.counts_.read_bytes += bytes;
  return answer;
}

int Node::count_poll(void* self) {
  const shoal_storage& s = static_cast<Node*>(self)->storage_;
  return s.poll(s.user);
}

int Node::count_write(void* self, uint32_t offset, uint32_t bytes,
                      const void* from) {
  Node& n = *static_cast<Node*>(self);
  const int answer = n.storage_.write(n.storage_.user, offset, bytes, from);
  if (answer == 0) ++n.counts_.writes, n.counts_.written_bytes += bytes;
  return answer;
}

int Node::count_erase(void* self, uint32_t offset, uint32_t bytes) {
  Node& n = *static_cast<Node*>(self);
  const int answer = n.storage_.erase(n.storage_.user, offset, bytes);
  if (answer == 0) ++n.counts_.erases;
  return answer;
}

Status Node::start_read(uint32_t offset, uint32_t bytes, uint8_t* destination) {
  read_offset_ = offset, read_bytes_ = bytes, read_to_ = destination;
  attempts_ = 0;
  return ask();
}

Status Node::ask() {
  for (; attempts_ < kAttempts; ++attempts_) {
    if (attempts_ > 0) ++counts_.retries;
    if (count_read(this, read_offset_, read_bytes_, read_to_) == 0) {
      reading_ = true;
      return Status::kWait;
    }
  }
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

Status Node::poll_read() {
  const int answer = storage_.poll(storage_.user);
  if (answer == 0) return Status::kWait;
  reading_ = false;
  if (answer > 0) return Status::kOk;
  ++attempts_;
  return ask();
}

void Node::fetch_begin() {
  asked_for_ = arrived_ = 0;
  repair_ = Repair::kNone;
  next_set_ = there_ = {};
}

// Takes in what has arrived, asks for the next chunk and then checks the one
// that is there, so that storage is not idle meanwhile. kOk: one was checked.
Status Node::fetch_step() {
  if (reading_) {
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
  if (reading_ || area_.uses_storage()) return Status::kWait;
  if (repair_ == Repair::kWanted) {
    repair_ = Repair::kReading;
    ++counts_.retries;
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
    f.to = arena_ + stage_.weights[next_set_.weights].arena + next_set_.offset;
    f.of_set = true;
    pass_set_chunk(next_set_);
    return true;
  }
  const StageHeader& h = *stage_.header;
  if (phase_ != Phase::kRun || h.slot_count == 0 ||
      tape_asked_ - tape_used_ == h.slot_count || !tape_next()) {
    return false;
  }
  f.chunk = tape_last_;
  f.to = slot(tape_asked_++);
  return true;
}

// Checks the first chunk. A wrong one is read again, once.
Status Node::fetched() {
  Fetch& f = fetch_[0];
  const ChunkRecord& c = *f.chunk;
  const bool stored = c.offset >= header().program_bytes;
  const bool sealed = stored && (header().flags & kStoreSealed);
  if (stored) counts_.checked_bytes += c.bytes + kTagBytes;
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
    ++tape_loaded_;
    return Status::kOk;
  }
  next_of_sets(there_);
  pass_set_chunk(there_);
  if (phase_ == Phase::kRun && there_.index == 0) {
    wake(unit_of(static_cast<uint16_t>(&user_of(c) - stage_.actors)));
  }
  return Status::kOk;
}

Fault Node::chunk_fault(Status status, const ChunkRecord& c) const {
  Fault f;
  f.status = status;
  f.table = Table::kChunk;
  f.stage = stage_index_;
  f.index = static_cast<uint16_t>(&c - stage_.chunks);
  f.layer = user_of(c).layer;
  return f;
}

// Every chunk is of one actor's set.
const ActorRecord& Node::user_of(const ChunkRecord& c) const {
  const auto index = static_cast<uint32_t>(&c - stage_.chunks);
  const ActorRecord* user = stage_.actors;
  for (uint32_t i = 0; i < stage_.header->actors; ++i) {
    const ActorRecord& a = stage_.actors[i];
    if (a.weights == kNone) continue;
    if (stage_.weights[a.weights].first_chunk > index) break;
    user = &a;
  }
  return *user;
}

// The chunk at the walk, after it has passed what is not wanted now; null at
// the end.
const ChunkRecord* Node::next_of_sets(SetWalk& walk) const {
  for (; walk.weights < stage_.header->weights; ++walk.weights) {
    const WeightRecord& w = stage_.weights[walk.weights];
    if (w.place == WeightPlace::kSram && stays(w) == (phase_ == Phase::kKeep)) {
      return stage_.chunks + w.first_chunk + walk.index;
    }
  }
  return nullptr;
}

void Node::pass_set_chunk(SetWalk& walk) const {
  const WeightRecord& w = stage_.weights[walk.weights];
  walk.offset += sram_bytes(stage_.chunks[w.first_chunk + walk.index]);
  if (++walk.index < uint32_t{w.parts} * w.groups) return;
  walk = {0, static_cast<uint16_t>(walk.weights + 1), 0};
}

bool Node::set_is_there(const ActorRecord& a) const {
  if (a.weights == kNone) return true;
  const WeightRecord& w = stage_.weights[a.weights];
  return w.place != WeightPlace::kSram || stays(w) ||
         a.weights < there_.weights;
}

// Null while a chunk of the tape is not there.
const uint8_t* Node::chunk_bytes(const ActorRecord& a, const ChunkRecord& c) {
  const WeightRecord& w = stage_.weights[a.weights];
  if (w.place == WeightPlace::kMapped) return source_.mapped + c.offset;
  if (w.place == WeightPlace::kSram) {
    const uint8_t* bytes = arena_ + w.arena;
    const ChunkRecord* before = stage_.chunks + w.first_chunk;
    for (; before != &c; ++before) bytes += sram_bytes(*before);
    return bytes;
  }
  if (tape_current_ != &c) {
    if (tape_current_) ++tape_used_;
    tape_current_ = nullptr;
    if (tape_used_ == tape_loaded_) return nullptr;
    tape_current_ = &c;
  }
  return slot(tape_used_);
}

}  // namespace shoal
