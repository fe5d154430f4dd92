#include "host/quantize/each_frame.h"

#include <algorithm>

#include "host/base/parallel.h"

namespace shoal {

int thread_count(int64_t frames) {
  return static_cast<int>(std::clamp<int64_t>(frames, 1, core_count()));
}

void for_each_frame(int64_t frames,
                    const std::function<void(int, int64_t)>& work,
                    const std::function<void(int64_t)>& done) {
  for_each_item(frames, core_count(), work, done);
}

std::vector<int64_t> spread_frames(int64_t count, int64_t some) {
  some = std::min(count, some);
  std::vector<int64_t> frames;
  for (int64_t i = 0; i < some; ++i) frames.push_back(i * count / some);
  return frames;
}

}  // namespace shoal
