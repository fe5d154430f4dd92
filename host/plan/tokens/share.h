// Memory shared inside a stage. With a recorded order of firings, two rings
// that never hold rows at the same moment may lie on the same bytes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "host/plan/tokens/overlay.h"
#include "host/plan/types/plan.h"

namespace shoal {

struct Sharing {
  // Indexed by two buffers of the stage: true if they never hold rows together.
  std::vector<std::vector<bool>> apart;
  // The bytes saved if at each moment only what is alive took any.
  int64_t most_saved = 0;
};

// Records an order for the buffers that may share: not those that the caller
// pushes to or takes from, nor those held over several stages.
Sharing share_stage(const Net&, PlanStage&, const std::vector<bool>& may_share);

// The most runs that the record of an order can have.
inline constexpr size_t kMaxRuns = 0xFFFF;

// Adds a firing of an actor to the stage's order; other processes are not in
// it.
void record_firing(PlanStage&, int process);

}  // namespace shoal
