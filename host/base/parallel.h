// Work on several cores, of items that are independent of each other.
#pragma once

#include <cstdint>
#include <functional>

namespace shoal {

// Returns the number of cores, at least 1.
int core_count();

// Calls work(thread, item) for every item of [0, count), in at most `threads`
// threads, and done(items so far) from the calling thread, which does all the
// work if there is one thread (signals that it has blocked stay blocked).
// Throws what the work of the lowest item threw.
void for_each_item(int64_t count, int threads,
                   const std::function<void(int, int64_t)>& work,
                   const std::function<void(int64_t)>& done = {});

}  // namespace shoal
