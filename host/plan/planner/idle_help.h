// Says what nodes without a share would need to be of use.
#pragma once

#include <string>
#include <vector>

#include "host/lower/net.h"
#include "host/plan/types/plan.h"
#include "host/plan/types/request.h"

namespace shoal {

// Returns the text behind a plan's strategy: the least factors of clock or link
// with which more of the nodes in `order`, fastest first, would have a share in
// a better plan. `measure`: the plan's value by the objective, the least time.
// Empty for more nodes than tuning::kManyNodes.
std::string help_of_idle(const Net&, const PlanRequest&,
                         const std::vector<int>& order, const Plan&,
                         double measure);

}  // namespace shoal
