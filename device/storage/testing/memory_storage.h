// A storage in memory that behaves like flash and fails on demand: a write
// clears bits only, a block is erased as a whole, operations take some polls,
// the n-th one fails, power goes away in the middle of a write or an erasure,
// blocks wear out. What breaks the rules of shoal_storage is kept in
// violations() and fails.
//
//   MemoryStorage flash(10, 4096, 256);
//   config.storage = &flash.face();
//   flash.cut_at(n, 700);                 // in the n-th write or erasure
//   while (!flash.is_dead() && ...) area.poll(true);
//   flash.power_on();                     // with what is left
#pragma once

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <string>
#include <vector>

#include "device/shoal.h"

namespace shoal {

enum class Wear : uint8_t {
  kNone,
  kNoErase,    // erasing fails
  kNoWrite,    // writing fails
  kStuckBits,  // both answer well, bits stay clear
};

class MemoryStorage {
 public:
  MemoryStorage(uint32_t blocks, uint32_t erase_bytes, uint32_t write_bytes)
      : erase_bytes_(erase_bytes),
        write_bytes_(write_bytes),
        bytes_(size_t{blocks} * erase_bytes, 0xFF),
        erases_(blocks),
        wear_(blocks, Wear::kNone),
        face_{this, read, poll, write, erase} {}
  MemoryStorage(const MemoryStorage&) = delete;
  MemoryStorage& operator=(const MemoryStorage&) = delete;

  const shoal_storage& face() const { return face_; }
  std::vector<uint8_t>& bytes() { return bytes_; }
  // Complete and torn ones.
  uint32_t erases(uint32_t block) const { return erases_[block]; }
  uint32_t operations() const { return operations_; }
  uint32_t changes() const { return changes_; }  // writes and erasures
  uint64_t read_bytes() const { return read_bytes_; }
  uint64_t written_bytes() const { return written_bytes_; }
  const std::vector<std::string>& violations() const { return violations_; }

  // From now on a write replaces what is there, as in a file.
  void be_a_file() { is_file_ = true; }
  // Polls that say "under way" before the end.
  void set_latency(uint32_t polls) { latency_ = polls; }
  // The n-th operation from now on (0: the next) ends in failure, and so do
  // those after it, `count` in all.
  void fail_at(uint32_t n, uint32_t count = 1) {
    fail_from_ = operations_ + n;
    fail_to_ = fail_from_ + count;
  }
  // In the n-th write or erasure from now on, when this share of it, in
  // 1/1000, is done.
  void cut_at(uint32_t n, uint32_t thousandths) {
    cut_ = changes_ + n;
    cut_share_ = thousandths;
  }
  // The same when `bytes` bytes are done.
  void cut_at_byte(uint32_t n, uint32_t bytes) {
    cut_ = changes_ + n;
    cut_share_ = kBytes;
    cut_bytes_ = bytes;
  }
  bool is_dead() const { return dead_; }
  // An operation was started whose end no poll has seen.
  bool is_busy() const { return busy_; }
  void power_on() { dead_ = busy_ = false, cut_ = kNever; }
  void wear_out(uint32_t block, Wear wear) { wear_[block] = wear; }

 private:
  static constexpr uint64_t kNever = ~uint64_t{0};
  enum class Kind : uint8_t { kRead, kWrite, kErase };

  static MemoryStorage& of(void* user) {
    return *static_cast<MemoryStorage*>(user);
  }
  static int read(void* user, uint32_t at, uint32_t bytes, void* to) {
    return of(user).begin(Kind::kRead, at, bytes, to, nullptr);
  }
  static int write(void* user, uint32_t at, uint32_t bytes, const void* from) {
    return of(user).begin(Kind::kWrite, at, bytes, nullptr, from);
  }
  static int erase(void* user, uint32_t at, uint32_t bytes) {
    return of(user).begin(Kind::kErase, at, bytes, nullptr, nullptr);
  }
  static int poll(void* user) { return of(user).step(); }

  int violate(const char* what) {
    violations_.emplace_back(what);
    return -1;
  }

  int begin(Kind kind, uint32_t at, uint32_t bytes, void* to,
            const void* from) {
    if (dead_) return -1;
    if (busy_) return violate("started while another one was under way");
    if (at > bytes_.size() || bytes > bytes_.size() - at) {
      return violate("outside the storage");
    }
    const uint32_t unit = kind == Kind::kRead    ? 1
                          : kind == Kind::kWrite ? write_bytes_
                                                 : erase_bytes_;
    if (at % unit || bytes % unit) return violate("not whole units");
    kind_ = kind, at_ = at, count_ = bytes;
    to_ = static_cast<uint8_t*>(to);
    from_ = static_cast<const uint8_t*>(from);
    busy_ = true;
    polls_ = 0;
    return 0;
  }

  int step() {
    if (dead_) return 0;
    if (!busy_) return violate("polled while nothing was under way");
    if (polls_++ < latency_) return 0;
    busy_ = false;
    const uint64_t n = operations_++;
    const bool fails = n >= fail_from_ && n < fail_to_;
    if (kind_ == Kind::kRead) return read(fails);
    const bool cut = changes_++ == cut_;
    uint32_t done = count_;
    if (cut) {
      done = cut_share_ == kBytes
                 ? std::min(count_, cut_bytes_)
                 : static_cast<uint32_t>(uint64_t{count_} * cut_share_ / 1000);
    }
    if (fails) done = count_ / 2;
    const int answer = kind_ == Kind::kWrite ? change(done) : wipe(done);
    dead_ = cut;
    return cut ? 0 : fails ? -1 : answer;
  }

  int read(bool fails) {
    std::copy_n(bytes_.begin() + at_, fails ? count_ / 2 : count_, to_);
    read_bytes_ += count_;
    return fails ? -1 : 1;
  }

  Wear wear_at(uint32_t at) const { return wear_[at / erase_bytes_]; }

  int change(uint32_t done) {
    if (wear_at(at_) == Wear::kNoWrite) return -1;
    written_bytes_ += done;
    for (uint32_t i = 0; i < done; ++i) {
      uint8_t& byte = bytes_[at_ + i];
      if (wear_at(at_ + i) == Wear::kStuckBits && i % 97 == 5) {
        byte &= static_cast<uint8_t>(from_[i] & ~4);
        continue;
      }
      if (!is_file_ && (from_[i] & ~byte))
        return violate("written without erasing");
      byte = from_[i];
    }
    return 1;
  }

  // Unfinished, the rest of a block is neither what it was nor erased.
  int wipe(uint32_t done) {
    if (wear_at(at_) == Wear::kNoErase) return -1;
    for (uint32_t b = at_ / erase_bytes_; b < (at_ + count_) / erase_bytes_;
         ++b) {
      if (done > 0) ++erases_[b];
    }
    for (uint32_t i = 0; i < count_; ++i) {
      uint8_t& byte = bytes_[at_ + i];
      if (i < done) {
        byte = 0xFF;
      } else if (done > 0) {
        byte |= static_cast<uint8_t>((at_ + i) * 2654435761u >> 13);
      }
    }
    return 1;
  }

  const uint32_t erase_bytes_, write_bytes_;
  std::vector<uint8_t> bytes_;
  std::vector<uint32_t> erases_;
  std::vector<Wear> wear_;
  std::vector<std::string> violations_;
  shoal_storage face_;
  bool is_file_ = false;
  uint32_t latency_ = 0, polls_ = 0, operations_ = 0, changes_ = 0;
  uint64_t fail_from_ = kNever, fail_to_ = kNever, cut_ = kNever;
  static constexpr uint32_t kBytes = ~0u;
  uint32_t cut_share_ = 0, cut_bytes_ = 0;
  uint64_t read_bytes_ = 0, written_bytes_ = 0;
  Kind kind_ = Kind::kRead;
  uint32_t at_ = 0, count_ = 0;
  uint8_t* to_ = nullptr;
  const uint8_t* from_ = nullptr;
  bool busy_ = false, dead_ = false;
};

}  // namespace shoal
