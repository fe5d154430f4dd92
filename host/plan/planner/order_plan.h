// Plans in another order of layers than the net's own, where a net branches.
#pragma once

#include <functional>

#include "host/lower/net.h"
#include "host/plan/order/layer_graph.h"
#include "host/plan/planner/trials.h"
#include "host/plan/types/misfit.h"
#include "host/plan/types/plan.h"
#include "host/plan/types/request.h"

namespace shoal {

// The best by the objective of what `find` plans for the net and, where an
// order is known whose stages are smaller (host/plan/order) and smaller stages
// would be of use, for the net in that order. Either way a plan of the net. The
// net's own order is taken if the other is no better.
// `again`: where `find` has found a plan, plans the net in the other order in
// less time than it.
using FindPlan = std::function<OrMisfit<Plan>(const Net&)>;
using FindPlanAgain =
    std::function<OrMisfit<Plan>(const Net&, const LayerOrder&)>;
OrMisfit<Plan> plan_in_best_order(const Net&, const PlanRequest&,
                                  const FindPlan& find,
                                  const FindPlanAgain& again = {});

// The same cuts of the net's layers in another order. Channel groups and tiles
// of layers that come apart are gone.
Trial in_order(Trial, const LayerOrder&);

}  // namespace shoal
