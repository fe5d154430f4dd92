#include "host/engine/virtual/commander.h"

namespace shoal {

bool Commander::step() {
  coordinator_.poll();
  bool more = false;
  while (const auto output = coordinator_.result()) {
    frames_.finish(port_.now(), *output);
    more = true;
  }
  while (coordinator_.free_frames() > 0) {
    const auto input = frames_.next(port_.now());
    if (!input) break;
    coordinator_.submit(*input);
    more = true;
  }
  return more;
}

}  // namespace shoal
