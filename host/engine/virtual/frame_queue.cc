#include "host/engine/virtual/frame_queue.h"

namespace shoal {

bool FrameQueue::may_begin() const {
  const auto begun = static_cast<int>(times_.size());
  if (begun >= wanted_) return false;
  const int alone = (options_.warm_up ? 1 : 0) + (options_.first_alone ? 1 : 0);
  return begun > alone || begun == finished_;
}

std::optional<std::span<const uint8_t>> FrameQueue::next(Nanos now) {
  asked_ = true;
  if (!may_begin()) return std::nullopt;
  if (options_.input) {
    const auto frame = static_cast<int>(times_.size());
    given_ = options_.input(frame);
    if (!given_) {
      wanted_ = frame;
      return std::nullopt;
    }
  }
  times_.push_back({.submitted = now});
  return given_ ? std::span<const uint8_t>(*given_) : input_;
}

void FrameQueue::finish(Nanos now, const std::vector<uint8_t>& output) {
  times_[static_cast<size_t>(finished_)].finished = now;
  if (options_.output) options_.output(finished_, output);
  ++finished_;
}

}  // namespace shoal
