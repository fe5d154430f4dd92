// Whole frames on each node by itself, where a frame fits. Plans for frames a
// second over several nodes are compared with it; it is never the plan itself.
#pragma once

#include <optional>

#include "host/lower/net.h"
#include "host/plan/text/plan_figures.h"
#include "host/plan/types/request.h"

namespace shoal {

// Each node is planned with its link for the least time, within its own budget
// and, if the request says so, with tiles; of equal nodes only the first one
// is. Returns none if frames depend on each other (variables) or the thread's
// PlanDeadline has passed.
std::optional<Replicas> find_replicas(const Net& net, const PlanRequest&);

}  // namespace shoal
