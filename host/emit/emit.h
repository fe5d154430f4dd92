// Writes a plan down: one program image per node.
#pragma once

#include <cstdint>
#include <vector>

#include "host/plan/plan.h"

namespace shoal {

// The image of one node of the plan, tags and hash in place.
std::vector<uint8_t> emit(const Net&, const Plan&, int node);

}  // namespace shoal
