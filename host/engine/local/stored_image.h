// A program in a storage that is not memory mapped, played by memory of this
// computer: reads are asked for, one at a time, and take some polls to end.
// Until then the bytes at the destination are noise.
#pragma once

#include <cstdint>
#include <span>

#include "device/shoal.h"
#include "host/program/store/host_storage.h"

namespace shoal {

class StoredImage final : public HostStorage {
 public:
  // `image` must outlive this. A read ends at the poll after `delay` others.
  explicit StoredImage(std::span<const uint8_t> image, int delay = 1);

  const shoal_storage& storage() const override { return storage_; }
  uint32_t bytes() const override {
    return static_cast<uint32_t>(image_.size());
  }
  bool busy() const override { return destination_ != nullptr; }
  void wait() override {}  // a poll is a step of its time
  int64_t bytes_read() const { return bytes_read_; }

 private:
  static int read(void* self, uint32_t offset, uint32_t bytes, void* to);
  static int poll(void* self);

  std::span<const uint8_t> image_;
  shoal_storage storage_;
  int delay_, polls_left_ = 0;
  uint32_t offset_ = 0, count_ = 0;
  void* destination_ = nullptr;
  int64_t bytes_read_ = 0;
};

}  // namespace shoal
