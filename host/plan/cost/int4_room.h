// The memory into which firings unpack weights of four bits: one for all stages
// of a node.
#pragma once

#include <cstdint>
#include <vector>

#include "host/plan/types/plan.h"

namespace shoal {

// Returns the bytes that the stages need at least; 0: no weights have four
// bits.
uint32_t least_int4_room(const Net&, const std::vector<PlanStage>&);
// Returns the bytes with which they are not much slower than with weights of
// eight bits.
uint32_t wanted_int4_room(const Net&, const std::vector<PlanStage>&);

}  // namespace shoal
