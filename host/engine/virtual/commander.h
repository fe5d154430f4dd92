// The coordinator as an endpoint of a virtual world: feeds frames and takes
// results.
#pragma once

#include <span>
#include <vector>

#include "host/engine/virtual/simulate.h"
#include "host/engine/workers/coordinator.h"
#include "host/world/world.h"

namespace shoal {

class Commander : public Endpoint {
 public:
  // Port, input and options must outlive it.
  Commander(Port& port, CoordinatorConfig config,
            std::span<const uint8_t> input, const SimOptions& options)
      : port_(port),
        coordinator_(std::move(config)),
        input_(input),
        options_(options) {}

  Coordinator& coordinator() { return coordinator_; }
  const std::vector<FrameTime>& frames() const { return frames_; }
  // Submits frames until there have been so many.
  void feed(int frames) { wanted_ = frames; }
  int finished() const { return finished_; }
  // All of them have been, or all that there were inputs for.
  bool done() const { return finished_ >= wanted_; }

  bool step() override;
  uint64_t next_timer_us() const override {
    return coordinator_.next_timer_us();
  }

 private:
  void submit();
  bool may_submit() const;

  Port& port_;
  Coordinator coordinator_;
  std::span<const uint8_t> input_;
  const SimOptions& options_;
  std::vector<FrameTime> frames_;
  int wanted_ = 0, finished_ = 0;
};

}  // namespace shoal
