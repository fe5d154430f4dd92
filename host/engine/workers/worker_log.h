// The lines that a worker prints under --verbose: who has connected, what was
// deployed, frames and errors. It compares the agent with what it was before.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <string>

#include "device/agent/agent.h"

namespace shoal {

class WorkerLog {
 public:
  using Tell = std::function<void(const std::string&)>;
  using NameOf = std::function<std::string(uint64_t)>;

  // Without `tell` it does nothing.
  WorkerLog(Tell tell, NameOf name_of);

  void look(const NodeAgent&);

 private:
  void look_at_state(const NodeAgent&);
  void look_at_frames(const NodeAgent&);
  void look_at_strangers(const AgentCounters&);

  Tell tell_;
  NameOf name_of_;
  AgentState state_ = AgentState::kEmpty;
  uint32_t sessions_ = 0, frames_ = 0, forged_ = 0, other_mode_ = 0;
  std::chrono::steady_clock::time_point told_{};  // frames
};

}  // namespace shoal
