// Asks nodes what they do while frames run (host/engine/measured_run.h).
//
//   Sampler sampler;
//   sampler.ask_for(coordinator, prepared.plan);   // before programs are sent
//   ... sampler.look(coordinator, now) again and again
#pragma once

#include <memory>

#include "host/engine/coordinator/coordinator.h"
#include "host/engine/measured_run.h"
#include "host/plan/types/plan.h"

namespace shoal {

class Sampler {
 public:
  // A node is asked again so long after its last answer, or after as long as
  // that took.
  static constexpr uint64_t kEveryUs = 1'000;

  // The nodes measure the next run. Forgets an earlier one.
  void ask_for(Coordinator&, const Plan&);
  // Asks the nodes whose time it is. `now`: in the transport's time.
  void look(Coordinator&, uint64_t now);
  // All frames have ended: asks each node once more. Returns whether all have
  // answered since then.
  bool ask_last(Coordinator&, uint64_t now);
  // So long the last answers are waited for.
  static constexpr uint64_t kLastUs = 200'000;
  // A frame's input was given, the oldest frame's answer was taken.
  void began(uint64_t now);
  void ended(uint64_t now);

  const MeasuredRun& run() const { return state_->run; }

 private:
  struct Node {
    bool measures = false, is_asked = false;
    uint64_t asked_us = 0, due_us = 0;
  };
  // Answers may come when the sampler is gone.
  struct State {
    MeasuredRun run;
    std::vector<Node> nodes;
  };

  std::shared_ptr<State> state_ = std::make_shared<State>();
  size_t ended_ = 0;  // frames
};

}  // namespace shoal
