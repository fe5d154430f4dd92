// Independent searches of one request, several at once.
#pragma once

#include <cstddef>
#include <functional>

namespace shoal {

// Calls search(i) for each i below `count`, in at most `jobs` threads, which
// keep the deadline, the cancellation and the progress of this thread. With one
// thread the calls are in order. Throws what the lowest search threw.
void search_at_once(size_t count, int jobs,
                    const std::function<void(size_t)>& search);

}  // namespace shoal
