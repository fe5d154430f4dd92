// Plans that are found by searches for requests that differ in one thing. So
// budgets that the smallest arena keeps are never refused: where the search for
// another objective, or within smaller budgets, finds nothing, the search for
// the smallest arena is made, and its plan is taken if it fits. And more memory
// or a faster link is never worse: a plan that is found with less is also a
// plan with more.
#pragma once

#include <functional>

#include "host/lower/net.h"
#include "host/plan/types/misfit.h"
#include "host/plan/types/plan.h"
#include "host/plan/types/request.h"

namespace shoal {

using FindPlanOf = std::function<OrMisfit<Plan>(const PlanRequest&)>;

// Returns what `find` plans for the request. If that is refused, plans for
// `--objective ram` within the same limits but without the requested budgets
// (of several kinds of budgets only without the last one: `--max-arena`, then
// `--ram`), and returns that plan if it keeps them, else the misfit that asks
// for less. A misfit that is far from what is enough (tuning::kMayReach) is
// final.
OrMisfit<Plan> plan_or_smallest(const Net&, const PlanRequest&,
                                const FindPlanOf& find);

// Returns the faster of what `find` plans for the request and, from an effort
// of tuning::kLadderEffort on, for the same request within smaller budgets and
// over slower links. These are on ladders that do not depend on the request, so
// a request with more on these ladders never has a slower plan. Only for the
// least time.
OrMisfit<Plan> plan_with_less(const Net&, const PlanRequest&,
                              const FindPlanOf& find);

// Returns `found`. If the deadline has passed, returns instead the plan of the
// first node, fastest first, that can do all layers by itself and keeps the
// limits, unless what was found is as good: a search that is cut short may have
// seen little of what there is.
OrMisfit<Plan> plan_in_no_time(const Net&, const PlanRequest&,
                               OrMisfit<Plan> found);

}  // namespace shoal
