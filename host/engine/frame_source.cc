#include "host/engine/frame_source.h"

#include <poll.h>

namespace shoal {

const char* state_name(NodePresence state) {
  switch (state) {
    case NodePresence::kRuns:
      return "runs";
    case NodePresence::kIdle:
      return "idle";
    case NodePresence::kLost:
      return "lost";
    case NodePresence::kSpare:
      break;
  }
  return "spare";
}

void wait_for(const FrameSource& source) {
  pollfd wanted{source.descriptor(), POLLIN, 0};
  static_cast<void>(poll(&wanted, 1, -1));
}

}  // namespace shoal
