// Ensures that budgets which the smallest arena keeps are never refused: where
// the search for another objective, or within smaller budgets, finds nothing,
// the search for the smallest arena is made, and its plan is taken if it fits.
#pragma once

#include <functional>

#include "host/lower/net.h"
#include "host/plan/types/misfit.h"
#include "host/plan/types/plan.h"
#include "host/plan/types/request.h"

namespace shoal {

// Returns what `find` plans for the request. If that is refused, plans for
// `--objective ram` within the same limits but without the requested budgets
// (of several kinds of budgets only without the last one: `--max-arena`, then
// `--ram`), and returns that plan if it keeps them, else the misfit that asks
// for less. A misfit that is far from what is enough (tuning::kMayReach) is
// final.
OrMisfit<Plan> plan_or_smallest(
    const Net&, const PlanRequest&,
    const std::function<OrMisfit<Plan>(const PlanRequest&)>& find);

}  // namespace shoal
