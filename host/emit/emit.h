// Writes a plan down: one program image per node.
#pragma once

#include <cstdint>
#include <vector>

#include "host/plan/plan.h"

namespace shoal {

// How long a coordinator may stay away from its links: so its peers'
// retransmission timers are told. It computes nothing; this is what a PC's
// scheduler may take.
inline constexpr uint32_t kCoordinatorPollGapUs = 2000;

// The image of one node of the plan, tags and hash in place.
std::vector<uint8_t> emit(const Net&, const Plan&, int node);
// Those of all nodes; the same bytes, in time linear in the nodes.
std::vector<std::vector<uint8_t>> emit_all(const Net&, const Plan&);

}  // namespace shoal
