#include "host/engine/virtual/commander.h"

#include <utility>

namespace shoal {

bool Commander::step() {
  coordinator_.poll();
  bool more = false;
  while (auto output = coordinator_.result()) {
    frames_[static_cast<size_t>(finished_)].finished = port_.now();
    if (options_.output) options_.output(finished_, *output);
    ++finished_;
    more = true;
  }
  while (may_submit()) {
    submit();
    more = true;
  }
  return more;
}

void Commander::submit() {
  const auto frame = static_cast<int>(frames_.size());
  if (!options_.input) {
    coordinator_.submit(input_);
  } else if (const auto input = options_.input(frame)) {
    coordinator_.submit(*input);
  } else {
    wanted_ = frame;
    return;
  }
  frames_.push_back({.submitted = port_.now()});
}

bool Commander::may_submit() const {
  const auto submitted = static_cast<int>(frames_.size());
  if (submitted >= wanted_ || coordinator_.free_frames() <= 0) return false;
  const int alone = (options_.warm_up ? 1 : 0) + (options_.first_alone ? 1 : 0);
  return submitted > alone || submitted == finished_;
}

}  // namespace shoal
