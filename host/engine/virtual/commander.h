// The coordinator as an endpoint of a virtual world: feeds frames and takes
// results.
#pragma once

#include "host/engine/coordinator/coordinator.h"
#include "host/engine/virtual/frame_queue.h"
#include "host/world/world.h"

namespace shoal {

class Commander : public Endpoint {
 public:
  // Port and frames must outlive it.
  Commander(Port& port, CoordinatorConfig config, FrameQueue& frames)
      : port_(port), coordinator_(std::move(config)), frames_(frames) {}

  Coordinator& coordinator() { return coordinator_; }

  bool step() override;
  uint64_t next_timer_us() const override {
    return coordinator_.next_timer_us();
  }

 private:
  Port& port_;
  Coordinator coordinator_;
  FrameQueue& frames_;
};

}  // namespace shoal
