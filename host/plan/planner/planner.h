// Finds plans of one node or several, with links or without.
#pragma once

#include "host/lower/net.h"
#include "host/plan/types/misfit.h"
#include "host/plan/types/plan.h"
#include "host/plan/types/request.h"

namespace shoal {

class SegmentMemo;

// Returns the best plan of the request. kLatency: the least modelled time
// within the budgets. kRam: the smallest largest arena. Other objectives and
// limits: goals.h. A net of several frames (host/lower/batch.h) runs on a node
// without links. The misfit names the node, the layer, the bytes that it needs
// and the smallest change that would fit. Throws Error(kUsage) for an invalid
// request. Budgets that the smallest arena keeps are never refused
// (last_resort.h).
OrMisfit<Plan> try_plan(const Net&, const PlanRequest&);
// The same, but throws the misfit as an Error.
Plan make_plan(const Net&, const PlanRequest&);

// Returns what try_plan() tries first, without regard to PlanLimits::search_s.
// It may refuse budgets that the smallest arena keeps. `memo`: shared by plans
// of the same net over the same nodes.
OrMisfit<Plan> find_plan(const Net&, const PlanRequest&,
                         SegmentMemo* memo = nullptr);

}  // namespace shoal
