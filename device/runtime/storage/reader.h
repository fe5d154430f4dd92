// The node's reads of its storage: one at a time, counted, and asked for again
// where they fail. Others (the spill area) may use the storage while no read is
// under way, through counted().
#pragma once

#include "device/base/status.h"
#include "device/shoal.h"

namespace shoal {

class Reader {
 public:
  // `storage` may be null. This must stay where it is.
  explicit Reader(const shoal_storage* storage);

  bool can_read() const { return storage_.read && storage_.poll; }
  const shoal_storage& counted() const { return counted_; }

  // kWait: under way. kStorage: it failed three times.
  Status start(uint32_t offset, uint32_t bytes, uint8_t* to);
  Status poll();  // the same; kOk: the bytes are there
  bool busy() const { return busy_; }

  shoal_storage_counters counts{};

 private:
  static int read(void*, uint32_t offset, uint32_t bytes, void* to);
  static int poll_storage(void*);
  static int write(void*, uint32_t offset, uint32_t bytes, const void* from);
  static int erase(void*, uint32_t offset, uint32_t bytes);
  Status ask();

  shoal_storage storage_{};
  shoal_storage counted_{};  // the same, counted
  // The read under way, or the last one.
  bool busy_ = false;
  uint8_t attempts_ = 0;
  uint32_t offset_ = 0, bytes_ = 0;
  uint8_t* to_ = nullptr;
};

}  // namespace shoal
