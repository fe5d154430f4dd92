#include "host/engine/workers/transport.h"

#include <poll.h>

#include <algorithm>
#include <chrono>

namespace shoal {

uint64_t HostTransport::now_us(void*) {
  const auto now = std::chrono::steady_clock::now().time_since_epoch();
  return static_cast<uint64_t>(
      std::chrono::duration_cast<std::chrono::microseconds>(now).count());
}

void HostTransport::wait(uint64_t until_us, int other) const {
  const uint64_t now = now_us(nullptr);
  if (until_us <= now || has_fetched()) return;
  const uint64_t us = std::min<uint64_t>(until_us - now, 60'000'000);
  pollfd p[] = {{descriptor(), POLLIN, 0}, {other, POLLIN, 0}};
  if (has_more_to_send()) p[0].events |= POLLOUT;
  const timespec t{static_cast<time_t>(us / 1'000'000),
                   static_cast<long>(us % 1'000'000 * 1000)};
  if (ppoll(p, 2, &t, nullptr) <= 0) return;
  // A line whose other end is gone is always ready, for nothing.
  const bool gone = (p[0].revents & (POLLHUP | POLLERR | POLLNVAL)) != 0 &&
                    (p[0].revents & POLLIN) == 0;
  if (!gone) return;
  const timespec nap{0, std::min<long>(static_cast<long>(us), 20'000) * 1000};
  ppoll(&p[1], 1, &nap, nullptr);
}

}  // namespace shoal
