#include "device/runtime/storage/weights.h"

#include <cstring>

#include "device/program/tag.h"
#include "device/program/vault.h"

namespace shoal {

void Weights::begin(bool staying) {
  staying_ = staying;
  asked_for_ = arrived_ = 0;
  repair_ = Repair::kNone;
  next_set_ = there_ = {};
  node().schedule.sets_there = 0;
  if (!staying) tape_.begin();
}

Status Weights::step() {
  if (store_.reader.busy()) {
    const Status read = store_.reader.poll();
    if (failed(read)) {
      const Fetch& f = fetch_[repair_ == Repair::kReading ? 0 : asked_for_ - 1];
      return fail(read, chunk_of(f));
    }
    if (read == Status::kOk) {
      if (repair_ == Repair::kReading) {
        repair_ = Repair::kNone;
      } else {
        ++arrived_;
      }
    }
  }
  const Status next = ask();
  if (failed(next)) return next;
  const bool waits = arrived_ == 0 || repair_ != Repair::kNone;
  return waits ? Status::kWait : check();
}

Status Weights::ask() {
  if (store_.reader.busy() || spills_.uses_storage()) return Status::kWait;
  if (repair_ == Repair::kWanted) {
    repair_ = Repair::kReading;
    ++store_.reader.counts.retries;
    return start(fetch_[0]);
  }
  if (spills_.has_turn() || asked_for_ == 2) return Status::kWait;
  Fetch f;
  if (!next_fetch(f)) return Status::kWait;
  fetch_[asked_for_++] = f;
  const ChunkRecord& c = chunk_of(f);
  if (c.offset < node().header().program_bytes) {
    std::memcpy(f.to, node().source.mapped + c.offset, c.bytes + kTagBytes);
    ++arrived_;
    return Status::kWait;
  }
  spills_.give_turn();
  return start(f);
}

Status Weights::start(const Fetch& f) {
  const ChunkRecord& c = chunk_of(f);
  const Status status =
      store_.reader.start(c.offset, c.bytes + kTagBytes, f.to);
  return failed(status) ? fail(status, c) : status;
}

// Sets first, as all of a set is needed before its first use.
bool Weights::next_fetch(Fetch& f) {
  const ChunkRecord* chunk = next_of_sets(next_set_);
  if (chunk) {
    f.to = node().address_of(stage().weights[next_set_.weights]) +
           next_set_.offset;
    f.of_set = true;
    pass_set_chunk(next_set_);
  } else if (!staying_) {
    chunk = tape_.ask(f.to);
  }
  if (chunk) f.chunk = static_cast<uint16_t>(chunk - stage().chunks);
  return chunk != nullptr;
}

// Checks the first chunk. A wrong one is read again, once.
Status Weights::check() {
  Fetch& f = fetch_[0];
  const ChunkRecord& c = chunk_of(f);
  const Header& h = node().header();
  const bool stored = c.offset >= h.program_bytes;
  const bool sealed = stored && (h.flags & kStoreSealed);
  if (stored) store_.reader.counts.checked_bytes += c.bytes + kTagBytes;
  const bool good = sealed ? open_chunk(*node().source.cipher, store_.key,
                                        c.offset, f.to, c.bytes)
                           : tag_follows(TagKind::kChunk, c.offset,
                                         h.generation, f.to, c.bytes);
  if (!good) {
    if (f.again || !stored) return fail(Status::kBadTag, c);
    f.again = true;
    repair_ = Repair::kWanted;
    return Status::kOk;
  }
  const ActorRecord& user = user_of(c);
  if (!chunk_values_ok(user.op, c, f.to)) return fail(Status::kBadRecord, c);
  const bool of_set = f.of_set;
  fetch_[0] = fetch_[1];
  --asked_for_, --arrived_;
  if (!of_set) {
    tape_.loaded();
    return Status::kOk;
  }
  next_of_sets(there_);
  pass_set_chunk(there_);
  Schedule& schedule = node().schedule;
  schedule.sets_there = there_.weights;
  if (!staying_ && there_.index == 0) {
    schedule.wake(
        schedule.unit_of(static_cast<uint16_t>(&user - stage().actors)));
  }
  return Status::kOk;
}

Status Weights::fail(Status status, const ChunkRecord& c) {
  Fault f;
  f.status = status;
  f.table = Table::kChunk;
  f.stage = node().stage_index;
  f.index = static_cast<uint16_t>(&c - stage().chunks);
  f.layer = user_of(c).layer;
  return node().fail(f);
}

// Every chunk is of one actor's set.
const ActorRecord& Weights::user_of(const ChunkRecord& c) const {
  const auto index = static_cast<uint32_t>(&c - stage().chunks);
  const ActorRecord* user = stage().actors;
  for (uint32_t i = 0; i < stage().header->actors; ++i) {
    const ActorRecord& a = stage().actors[i];
    if (a.weights == kNone) continue;
    if (stage().weights[a.weights].first_chunk > index) break;
    user = &a;
  }
  return *user;
}

// The chunk at the walk, after it has passed what is not wanted now; null at
// the end.
const ChunkRecord* Weights::next_of_sets(SetWalk& walk) const {
  for (; walk.weights < stage().header->weights; ++walk.weights) {
    const WeightRecord& w = stage().weights[walk.weights];
    if (w.place == WeightPlace::kSram && stays(w) == staying_) {
      return stage().chunks + w.first_chunk + walk.index;
    }
  }
  return nullptr;
}

void Weights::pass_set_chunk(SetWalk& walk) const {
  const WeightRecord& w = stage().weights[walk.weights];
  walk.offset += sram_bytes(stage().chunks[w.first_chunk + walk.index]);
  if (++walk.index < uint32_t{w.parts} * w.groups) return;
  walk = {0, static_cast<uint16_t>(walk.weights + 1), 0};
}

Status Weights::use(const ActorRecord& a, const ChunkRecord& c,
                    const uint8_t*& bytes) {
  const WeightRecord& w = stage().weights[a.weights];
  if (w.place == WeightPlace::kSram) {
    bytes = node().address_of(w);
    const ChunkRecord* before = stage().chunks + w.first_chunk;
    for (; before != &c; ++before) bytes += sram_bytes(*before);
    return Status::kOk;
  }
  const uint32_t used = tape_.used();
  bytes = tape_.use(c);
  // A slot has become free: storage need not be idle during this slice.
  return used != tape_.used() ? ask() : Status::kOk;
}

}  // namespace shoal
