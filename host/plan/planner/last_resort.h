// What the smallest arena fits is never refused: where the search for another
// objective, or within smaller budgets, finds nothing, the very search that
// finds the smallest arena is made, and its plan is taken if it fits.
#pragma once

#include <functional>

#include "host/lower/net.h"
#include "host/plan/types/misfit.h"
#include "host/plan/types/plan.h"
#include "host/plan/types/request.h"

namespace shoal {

// What `find` plans for the request. If that is refused: what it plans for
// `--objective ram`, within the same limits, without the budgets that were
// asked for (of several kinds without the last one: `--max-arena`, then
// `--ram`), if that keeps them. Else the misfit that asks for less. Misfits
// that are far from what would be enough (tuning::kMayReach) are final.
OrMisfit<Plan> plan_or_smallest(
    const Net&, const PlanRequest&,
    const std::function<OrMisfit<Plan>(const PlanRequest&)>& find);

}  // namespace shoal
