// A node's storage in virtual time: bytes in this computer's memory that the
// node reaches by request only. A request takes the latency and the rate of a
// storage profile; until it has ended the bytes at its destination are noise.
//
//   VirtualStorage card(store, profile, [&] { return now; });
//   config.storage = &card.storage();
//   ... shoal_step() says SHOAL_WAIT: now = card.ready();
//
// The clock is asked at every call. One request at a time; what no storage
// could serve (outside, two at once, half a block) is refused.
#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "device/shoal.h"
#include "host/board/board.h"
#include "host/world/events.h"

namespace shoal {

// A fault of one request, for tests.
struct StorageFault {
  enum class Kind : uint8_t {
    kRefused,  // it cannot be started
    kFailed,   // it ends in an error, its bytes stay noise
    kShort,    // half of its bytes come (or are written), then an error
    kSlow,     // it takes `late` longer
    kFlipped,  // one bit of what is read is wrong, without an error
  };
  Kind kind = Kind::kFailed;
  uint64_t request = 0;  // its number, from 0, refused ones too
  uint64_t count = 1;    // how many of them, one after another
  Nanos late = 0;
};

struct StorageCounters {
  uint64_t reads = 0, writes = 0, erasures = 0;
  int64_t read_bytes = 0, written_bytes = 0;
  Nanos busy = 0;
};

class VirtualStorage {
 public:
  using Clock = std::function<Nanos()>;
  // Begins with `bytes`; more than the profile's capacity is not refused here.
  VirtualStorage(std::vector<uint8_t> bytes, const Storage&, Clock);
  VirtualStorage(const VirtualStorage&) = delete;
  VirtualStorage& operator=(const VirtualStorage&) = delete;

  const shoal_storage& storage() const { return storage_; }
  uint32_t bytes() const { return static_cast<uint32_t>(bytes_.size()); }
  bool busy() const { return doing_ != Doing::kNothing; }
  // When the request under way ends; kNever: there is none.
  Nanos ready() const { return busy() ? ready_ : kNever; }
  const StorageCounters& counters() const { return counters_; }
  // By block of erase_bytes.
  const std::vector<uint32_t>& wear() const { return wear_; }
  void inject(const StorageFault& fault) { fault_ = fault; }

 private:
  enum class Doing : uint8_t { kNothing, kRead, kWrite, kErase };
  static int read(void*, uint32_t offset, uint32_t bytes, void* to);
  static int write(void*, uint32_t offset, uint32_t bytes, const void* from);
  static int erase(void*, uint32_t offset, uint32_t bytes);
  static int poll(void*);
  int begin(Doing, uint32_t offset, uint32_t bytes, int64_t unit, Nanos);
  Nanos duration(double latency_us, double bytes, double bytes_per_s) const;
  int end_read();
  int end_write();
  int end_erase();

  std::vector<uint8_t> bytes_;
  Storage profile_;
  Clock clock_;
  shoal_storage storage_;
  Doing doing_ = Doing::kNothing;
  uint32_t offset_ = 0, count_ = 0;
  uint8_t* to_ = nullptr;
  const uint8_t* from_ = nullptr;
  Nanos ready_ = 0;
  StorageFault fault_{.count = 0};
  bool faulty_ = false;  // the request under way
  uint64_t requests_ = 0;
  StorageCounters counters_;
  std::vector<uint32_t> wear_;
};

}  // namespace shoal
