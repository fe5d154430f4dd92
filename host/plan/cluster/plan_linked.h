// Plans a net for nodes with links, given the cut of every layer: which layers
// form a segment (executed as one pipeline by all nodes that have a share of
// it), what is computed twice and what is exchanged, rings, addresses.
#pragma once

#include "host/lower/net.h"
#include "host/plan/types/plan.h"
#include "host/plan/types/request.h"

namespace shoal {

// Whether it completes is not asked.
Plan plan_linked(const Net&, const PlanRequest&, const Cuts&);

}  // namespace shoal
