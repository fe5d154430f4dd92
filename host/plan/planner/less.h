// More is never worse: what less memory, or a slower link, is enough for, more
// is enough for too.
#pragma once

#include <functional>

#include "host/lower/net.h"
#include "host/plan/types/misfit.h"
#include "host/plan/types/plan.h"
#include "host/plan/types/request.h"

namespace shoal {

using FindPlanOf = std::function<OrMisfit<Plan>(const PlanRequest&)>;

// The sooner of what `find` plans for the request and, from an effort of
// tuning::kLadderEffort on, for the same request with less: within smaller
// budgets and over slower links, on ladders that do not depend on the request.
// So a request with more on these ladders never has a slower plan. Of the least
// time alone.
OrMisfit<Plan> plan_with_less(const Net&, const PlanRequest&,
                              const FindPlanOf& find);

// However short the time is that a search has: where it found nothing in it,
// the plan of the first node, fastest first, that can do all by itself.
OrMisfit<Plan> plan_in_no_time(const Net&, const PlanRequest&,
                               OrMisfit<Plan> found);

}  // namespace shoal
