#include "host/base/entropy.h"

#include <sys/random.h>

#include <cerrno>

#include "host/base/error.h"

namespace shoal {

void system_entropy(std::span<uint8_t> out) {
  size_t at = 0;
  while (at < out.size()) {
    const ssize_t got = getrandom(out.data() + at, out.size() - at, 0);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) throw Error(Exit::kInternal, "the system has no randomness");
    at += static_cast<size_t>(got);
  }
}

}  // namespace shoal
