#include "host/engine/workers/serve_frames.h"

#include <algorithm>
#include <optional>

namespace shoal {
namespace {

constexpr uint64_t kLookUs = 200'000;

}  // namespace

void serve_frames(Coordinator& coordinator, const HostTransport& transport,
                  FrameSource& source,
                  const std::function<void(const std::vector<uint8_t>&)>& take,
                  const std::function<void()>& look, SequenceMirror* mirror) {
  const shoal_transport& t = transport.transport();
  int64_t in_flight = 0;
  uint64_t look_at = 0;
  for (;;) {
    coordinator.poll();
    const uint64_t now = t.now_us(t.user);
    if (now >= look_at) {
      look();
      look_at = now + kLookUs;
    }
    // A source may have its next frame only then.
    while (const auto output = coordinator.result()) {
      --in_flight;
      take(*output);
    }
    const bool ended = source.ended();  // before next() says that it has none
    const auto is_free = [&] {
      return coordinator.free_frames() > 0 && !(mirror && mirror->is_due());
    };
    while (is_free()) {
      const std::optional<std::vector<uint8_t>> input = source.next();
      if (!input) break;
      coordinator.submit(*input);
      if (mirror) mirror->submitted();
      ++in_flight;
    }
    const bool was_due = mirror && mirror->is_due();
    const bool waits = mirror && in_flight == 0 && !mirror->follow(coordinator);
    const bool has_room = is_free();
    if (was_due && has_room) continue;
    if (ended && in_flight == 0 && has_room && !waits) return;
    // A source that has frames, or has ended, would wake it all the time.
    const int wakes = has_room && !ended ? source.descriptor() : -1;
    transport.wait(std::min(coordinator.next_timer_us(), look_at), wakes);
  }
}

}  // namespace shoal
