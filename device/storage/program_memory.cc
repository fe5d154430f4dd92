#include "device/storage/program_memory.h"

#include <cstring>

#include "device/program/image.h"
#include "device/program/sha256.h"

namespace shoal {
namespace {

constexpr uint32_t kNowhereFree = 0xFFFFFFFF;

}  // namespace

void ProgramMemory::open(uint8_t* memory, uint32_t bytes) {
  *this = {};
  memory_ = memory;
  bytes_ = bytes;
  face_ = {this, read_start, read_poll, nullptr, nullptr};
}

uint32_t ProgramMemory::program(uint8_t* hash) const {
  if (current_ == kNone) return 0;
  const Place& p = places_[current_];
  std::memcpy(hash, p.hash, sizeof p.hash);
  return p.bytes;
}

const uint8_t* ProgramMemory::mapped() const {
  return current_ == kNone ? nullptr : memory_ + places_[current_].at;
}

void ProgramMemory::tell(uint32_t index, HeldPrograms& held) const {
  held = {};
  held.storage_bytes = held.free_bytes = bytes_;
  for (uint32_t i = 0; i < kMostPrograms; ++i) {
    const Place& p = places_[i];
    if (p.bytes == 0 || i == target_) continue;
    const uint32_t all = align_up(p.bytes);
    held.free_bytes -= all < held.free_bytes ? all : held.free_bytes;
    if (held.programs++ != index) continue;
    held.program_bytes = p.bytes;
    std::memcpy(held.program_hash, p.hash, sizeof p.hash);
  }
  if (held.programs == kMostPrograms) held.free_bytes = 0;
}

// The first place that has room behind what lies there: the begin of the
// memory, or the end of a program.
uint32_t ProgramMemory::gap_for(uint32_t bytes) const {
  for (uint32_t i = 0; i <= kMostPrograms; ++i) {
    const bool first = i == kMostPrograms;
    if (!first && places_[i].bytes == 0) continue;
    const uint32_t at = first ? 0 : places_[i].at + align_up(places_[i].bytes);
    if (at > bytes_ || bytes > bytes_ - at) continue;
    bool is_free = true;
    for (const Place& p : places_) {
      if (p.bytes == 0) continue;
      is_free = is_free && (p.at + p.bytes <= at || at + bytes <= p.at);
    }
    if (is_free) return at;
  }
  return kNowhereFree;
}

// Returns the oldest of those that are there; kNone: there is none.
uint32_t ProgramMemory::oldest() const {
  uint32_t found = kNone;
  for (uint32_t i = 0; i < kMostPrograms; ++i) {
    const Place& p = places_[i];
    if (p.bytes == 0) continue;
    if (found == kNone ||
        static_cast<int32_t>(p.wanted - places_[found].wanted) < 0) {
      found = i;
    }
  }
  return found;
}

uint32_t ProgramMemory::free_place() const {
  uint32_t i = 0;
  while (i < kMostPrograms && places_[i].bytes != 0) ++i;
  return i;
}

void ProgramMemory::forget(uint32_t place) {
  if (place == kNone) return;
  places_[place].bytes = 0;
  if (current_ == place) current_ = kNone;
  if (target_ == place) target_ = kNone;
}

Status ProgramMemory::begin(uint32_t bytes, const uint8_t* hash,
                            uint32_t& from) {
  settle();
  from = 0;
  if (bytes == 0 || bytes > bytes_) return Status::kBadArgument;
  forget(target_);  // it has broken off
  for (uint32_t i = 0; i < kMostPrograms; ++i) {
    Place& p = places_[i];
    if (p.bytes != bytes || std::memcmp(p.hash, hash, sizeof p.hash) != 0) {
      continue;
    }
    p.wanted = ++clock_;
    current_ = i;
    ended_ = Status::kOk;
    from = bytes;
    return Status::kOk;
  }
  uint32_t at = gap_for(bytes), place = free_place();
  while (at == kNowhereFree || place == kNone) {
    forget(oldest());
    at = gap_for(bytes), place = free_place();
  }
  target_ = place;
  Place& p = places_[target_];
  p.at = at;
  p.bytes = bytes;
  p.wanted = ++clock_;
  std::memcpy(p.hash, hash, sizeof p.hash);
  return Status::kOk;
}

Status ProgramMemory::write(uint32_t offset, const uint8_t* data,
                            uint32_t bytes) {
  if (target_ == kNone) return ended_;
  const Place& p = places_[target_];
  if (offset > p.bytes || bytes > p.bytes - offset) return Status::kBadArgument;
  std::memcpy(memory_ + p.at + offset, data, bytes);
  return Status::kOk;
}

Status ProgramMemory::end() {
  if (target_ == kNone) return ended_;
  const Place& p = places_[target_];
  uint8_t hash[32];
  Sha256 sha;
  sha.add(memory_ + p.at, p.bytes);
  const bool same =
      sha.finish(hash) && std::memcmp(hash, p.hash, sizeof hash) == 0;
  ended_ = same ? Status::kOk : Status::kBadHash;
  if (!same) forget(target_);
  if (same) current_ = target_;
  target_ = kNone;
  return ended_;
}

void ProgramMemory::discard() {
  settle();
  forget(current_);
}

bool ProgramMemory::read(uint32_t offset, void* to, uint32_t bytes) {
  if (current_ == kNone || offset > places_[current_].bytes ||
      bytes > places_[current_].bytes - offset) {
    return false;
  }
  std::memcpy(to, mapped() + offset, bytes);
  return true;
}

int ProgramMemory::read_start(void* self, uint32_t offset, uint32_t bytes,
                              void* to) {
  ProgramMemory& m = *static_cast<ProgramMemory*>(self);
  if (m.read_.to || m.current_ == kNone ||
      offset > m.places_[m.current_].bytes ||
      bytes > m.places_[m.current_].bytes - offset) {
    return 1;
  }
  m.read_ = {offset, bytes, to};
  return 0;
}

int ProgramMemory::read_poll(void* self) {
  ProgramMemory& m = *static_cast<ProgramMemory*>(self);
  if (!m.read_.to) return -1;
  std::memcpy(m.read_.to, m.mapped() + m.read_.offset, m.read_.bytes);
  m.read_.to = nullptr;
  return 1;
}

}  // namespace shoal
