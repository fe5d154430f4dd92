// A program in a storage that is not memory mapped, played by memory of this
// computer: reads are asked for, one at a time, and take some polls to end.
// Until then the bytes at the destination are noise.
#pragma once

#include <cstdint>
#include <cstring>
#include <span>

#include "device/shoal.h"
#include "host/program/store/node_source.h"

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
  // For a program that is read piece by piece.
  NodeSource source() {
    NodeSource all;
    all.storage = this;
    return all;
  }

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

inline StoredImage::StoredImage(std::span<const uint8_t> image, int delay)
    : image_(image),
      storage_{this, &read, &poll, nullptr, nullptr},
      delay_(delay) {}

inline int StoredImage::read(void* self, uint32_t offset, uint32_t bytes,
                             void* to) {
  StoredImage& s = *static_cast<StoredImage*>(self);
  const bool outside = uint64_t{offset} + bytes > s.image_.size();
  if (s.busy() || outside || !to) return 1;
  s.offset_ = offset;
  s.count_ = bytes;
  s.destination_ = to;
  s.polls_left_ = s.delay_;
  std::memset(to, 0xEE, bytes);
  return 0;
}

inline int StoredImage::poll(void* self) {
  StoredImage& s = *static_cast<StoredImage*>(self);
  if (!s.busy()) return -1;
  if (s.polls_left_-- > 0) return 0;
  std::memcpy(s.destination_, s.image_.data() + s.offset_, s.count_);
  s.destination_ = nullptr;
  s.bytes_read_ += s.count_;
  return 1;
}

}  // namespace shoal
