#include "host/engine/virtual/virtual_storage.h"

#include <cmath>
#include <cstring>
#include <utility>

namespace shoal {
namespace {

constexpr uint8_t kNoise = 0xEE;
constexpr uint8_t kErased = 0xFF;

size_t blocks(size_t bytes, const Storage& profile) {
  if (profile.erase_bytes <= 0) return 0;
  const auto block = static_cast<size_t>(profile.erase_bytes);
  return (bytes + block - 1) / block;
}

}  // namespace

VirtualStorage::VirtualStorage(std::vector<uint8_t> bytes,
                               const Storage& profile, Clock clock)
    : bytes_(std::move(bytes)),
      profile_(profile),
      clock_(std::move(clock)),
      storage_{this, &read, &poll, &write, &erase},
      wear_(blocks(bytes_.size(), profile_), 0) {}

Nanos VirtualStorage::duration(double latency_us, double bytes,
                               double bytes_per_s) const {
  double seconds = latency_us * 1e-6;
  if (bytes_per_s > 0) seconds += bytes / bytes_per_s;
  return std::llround(seconds * 1e9);
}

int VirtualStorage::begin(Doing doing, uint32_t offset, uint32_t bytes,
                          int64_t unit, Nanos time) {
  const bool outside = uint64_t{offset} + bytes > bytes_.size();
  const bool torn = unit > 1 && (offset % unit != 0 || bytes % unit != 0);
  if (busy() || outside || torn || bytes == 0) return 1;
  const uint64_t number = requests_++;
  faulty_ = number >= fault_.request && number - fault_.request < fault_.count;
  if (faulty_ && fault_.kind == StorageFault::Kind::kRefused) return 1;
  if (faulty_ && fault_.kind == StorageFault::Kind::kSlow) time += fault_.late;
  doing_ = doing;
  offset_ = offset, count_ = bytes;
  ready_ = clock_() + time;
  counters_.busy += time;
  return 0;
}

int VirtualStorage::read(void* self, uint32_t offset, uint32_t bytes,
                         void* to) {
  VirtualStorage& s = *static_cast<VirtualStorage*>(self);
  const Nanos time = s.duration(s.profile_.read_latency_us, bytes,
                                s.profile_.read_bytes_per_s);
  if (!to || s.begin(Doing::kRead, offset, bytes, 1, time) != 0) return 1;
  s.to_ = static_cast<uint8_t*>(to);
  std::memset(to, kNoise, bytes);
  ++s.counters_.reads;
  s.counters_.read_bytes += bytes;
  return 0;
}

int VirtualStorage::write(void* self, uint32_t offset, uint32_t bytes,
                          const void* from) {
  VirtualStorage& s = *static_cast<VirtualStorage*>(self);
  const Nanos time = s.duration(s.profile_.write_latency_us, bytes,
                                s.profile_.write_bytes_per_s);
  if (!from || s.begin(Doing::kWrite, offset, bytes, s.profile_.write_bytes,
                       time) != 0) {
    return 1;
  }
  s.from_ = static_cast<const uint8_t*>(from);
  ++s.counters_.writes;
  s.counters_.written_bytes += bytes;
  return 0;
}

int VirtualStorage::erase(void* self, uint32_t offset, uint32_t bytes) {
  VirtualStorage& s = *static_cast<VirtualStorage*>(self);
  const int64_t block = s.profile_.erase_bytes;
  if (block <= 0) return 1;
  const double each_us = s.profile_.erase_us;
  const double count = static_cast<double>(bytes / block);
  const Nanos time = s.duration(each_us * count, 0, 0);
  if (s.begin(Doing::kErase, offset, bytes, block, time) != 0) return 1;
  ++s.counters_.erasures;
  return 0;
}

int VirtualStorage::poll(void* self) {
  VirtualStorage& s = *static_cast<VirtualStorage*>(self);
  if (!s.busy()) return -1;
  if (s.clock_() < s.ready_) return 0;
  switch (std::exchange(s.doing_, Doing::kNothing)) {
    case Doing::kRead:
      return s.end_read();
    case Doing::kWrite:
      return s.end_write();
    default:
      return s.end_erase();
  }
}

int VirtualStorage::end_read() {
  const auto kind = faulty_ ? fault_.kind : StorageFault::Kind::kSlow;
  if (kind == StorageFault::Kind::kFailed) return -1;
  const bool cut = kind == StorageFault::Kind::kShort;
  std::memcpy(to_, bytes_.data() + offset_, cut ? count_ / 2 : count_);
  if (kind == StorageFault::Kind::kFlipped) to_[count_ / 2] ^= 0x10;
  return cut ? -1 : 1;
}

// Bits go from 1 to 0 only: who writes where nothing was erased gets neither.
int VirtualStorage::end_write() {
  const auto kind = faulty_ ? fault_.kind : StorageFault::Kind::kSlow;
  if (kind == StorageFault::Kind::kFailed) return -1;
  const bool cut = kind == StorageFault::Kind::kShort;
  uint8_t* const at = bytes_.data() + offset_;
  for (uint32_t i = 0; i < (cut ? count_ / 2 : count_); ++i) at[i] &= from_[i];
  return cut ? -1 : 1;
}

int VirtualStorage::end_erase() {
  const auto block = static_cast<uint32_t>(profile_.erase_bytes);
  const double most = profile_.endurance_erases;
  bool worn = faulty_ && fault_.kind != StorageFault::Kind::kSlow;
  for (uint32_t at = offset_; at < offset_ + count_ && !worn; at += block) {
    worn = most > 0 && wear_[at / block] >= most;
    if (worn) break;
    ++wear_[at / block];
    std::memset(bytes_.data() + at, kErased, block);
  }
  return worn ? -1 : 1;
}

}  // namespace shoal
