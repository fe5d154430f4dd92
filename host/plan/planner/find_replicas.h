// Whole frames on every node for itself, where they fit: what a plan for
// frames a second over several nodes is compared with, never the plan itself.
#pragma once

#include <optional>

#include "host/lower/net.h"
#include "host/plan/types/replicas.h"
#include "host/plan/types/request.h"

namespace shoal {

// `net`: as of a node without links. Every node is planned as it is alone, for
// the least time and within what is its own, without tiles; of nodes that are
// alike only the first. None: frames depend on each other (variables), or the
// thread's PlanDeadline has passed.
std::optional<Replicas> find_replicas(const Net& net, const PlanRequest&);

}  // namespace shoal
