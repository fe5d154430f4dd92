// Work over frames on all cores; they are independent of each other.
#pragma once

#include <cstdint>
#include <functional>
#include <vector>

namespace shoal {

// At least 1.
int thread_count(int64_t frames);

// work(thread, frame) for every frame, on as many threads as there are cores;
// done(frames so far) from the calling thread. Throws what the work of the
// lowest frame threw.
void for_each_frame(int64_t frames,
                    const std::function<void(int, int64_t)>& work,
                    const std::function<void(int64_t)>& done = {});

// At most `some` of `count` frames, evenly spread.
std::vector<int64_t> spread_frames(int64_t count, int64_t some);

}  // namespace shoal
