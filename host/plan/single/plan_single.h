// Finds a plan for a node without links: where to cut the layers into stages,
// how high the bands are, which rows each buffer keeps and where everything
// lies.
#pragma once

#include "host/lower/net.h"
#include "host/plan/types/plan.h"
#include "host/plan/types/request.h"

namespace shoal {

// Of the request's only node; whether it completes is not asked.
Plan plan_single(const Net&, const PlanRequest&);

}  // namespace shoal
