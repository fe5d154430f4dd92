// Memory shared inside a stage. A row that is made and used up at once need
// not have bytes of its own all the time: with a recorded order of firings
// two rings that never hold rows at the same moment may lie on the same
// bytes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "host/plan/tokens/overlay.h"
#include "host/plan/types/plan.h"

namespace shoal {

struct Sharing {
  // By buffers of the stage: whether the two never hold rows together.
  std::vector<std::vector<bool>> apart;
  // Bytes that would be saved if at every moment only what is alive took any.
  int64_t most_saved = 0;
};

// Records the order, for the buffers that may share (not those that the caller
// pushes to or takes from, nor those held over other stages).
Sharing share_stage(const Net&, PlanStage&, const std::vector<bool>& may_share);

// Runs that the record of an order can have.
inline constexpr size_t kMaxRuns = 0xFFFF;

// Returns the bytes that sharing saves, if they are at least `least`; else no
// more than `bytes` can be saved, and the search has ended early. An order that
// is too long for a record saves nothing.
Saved share_saves(const Net&, PlanStage, const std::vector<bool>& may_share,
                  int64_t least);

// Adds a firing of an actor to the stage's order; other processes have none.
void record_firing(PlanStage&, int process);

}  // namespace shoal
