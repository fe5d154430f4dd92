// A plan from a file in place of a search: read, and compared with the
// nodes that will run it. Whether it is right the checker says.
#pragma once

#include <string>

#include "host/plan/types/plan.h"
#include "host/plan/types/request.h"

namespace shoal {

// Throws Error(kUsage) if the plan is of other nodes than the request's,
// Error(kDoesNotFit) if one of them has less memory than the plan takes.
// `where` names the plan in messages.
void check_nodes(const Plan&, const PlanRequest&, const std::string& where);

// Returns the plan of `request.given` for these nodes. Throws what
// check_nodes() does, Error(kUsage) if it is of another network,
// Error(kCorrupt) if it is no plan.
Plan read_given_plan(const Net&, const PlanRequest&);

}  // namespace shoal
