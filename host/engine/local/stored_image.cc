#include "host/engine/local/stored_image.h"

#include <cstring>

namespace shoal {

StoredImage::StoredImage(std::span<const uint8_t> image, int delay)
    : image_(image),
      storage_{this, &read, &poll, nullptr, nullptr},
      delay_(delay) {}

int StoredImage::read(void* self, uint32_t offset, uint32_t bytes, void* to) {
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

int StoredImage::poll(void* self) {
  StoredImage& s = *static_cast<StoredImage*>(self);
  if (!s.busy()) return -1;
  if (s.polls_left_-- > 0) return 0;
  std::memcpy(s.destination_, s.image_.data() + s.offset_, s.count_);
  s.destination_ = nullptr;
  s.bytes_read_ += s.count_;
  return 1;
}

}  // namespace shoal
