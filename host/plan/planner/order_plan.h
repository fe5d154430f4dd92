// Plans nets that branch in another order of layers than their own, too.
#pragma once

#include <functional>

#include "host/lower/net.h"
#include "host/plan/order/layer_graph.h"
#include "host/plan/planner/trials.h"
#include "host/plan/types/misfit.h"
#include "host/plan/types/plan.h"
#include "host/plan/types/request.h"

namespace shoal {

// Returns the better by the objective of what `find` plans for the net and for
// the net in another order. The other order is tried if its stages are smaller
// (host/plan/order) and smaller stages would be of use; the net's own order is
// kept if the other is no better. Either plan is one of the net. `again`: if
// `find` has found a plan, this plans the net in the other order, faster than
// `find` would.
using FindPlan = std::function<OrMisfit<Plan>(const Net&)>;
using FindPlanAgain =
    std::function<OrMisfit<Plan>(const Net&, const LayerOrder&)>;
OrMisfit<Plan> plan_in_best_order(const Net&, const PlanRequest&,
                                  const FindPlan& find,
                                  const FindPlanAgain& again = {});

// Returns the trial with the same cuts of layers for another order. Channel
// groups and tiles whose layers are no longer consecutive are removed.
Trial in_order(Trial, const LayerOrder&);

}  // namespace shoal
