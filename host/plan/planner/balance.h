// Other shares for the same cells, by what nodes had to do beside computing
// when a plan was rehearsed: a node that sends, opens and reads more than
// others gets a smaller share, so that all of a segment are done together.
#pragma once

#include <vector>

#include "host/lower/net.h"
#include "host/plan/planner/trials.h"
#include "host/plan/types/cluster.h"
#include "host/plan/types/plan.h"

namespace shoal {

// `plan` was made of `trial`. First all layers that have several shares, then
// each run of layers with the same cells alone; what may save most first.
std::vector<Trial> balanced(const Net&, const Cluster&, const Trial& trial,
                            const Plan& plan);

}  // namespace shoal
