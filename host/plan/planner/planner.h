// Finds a plan: of one node or of several, with links or without.
#pragma once

#include "host/lower/net.h"
#include "host/plan/types/plan.h"
#include "host/plan/types/request.h"

namespace shoal {

class SegmentMemo;

// kLatency: the least modelled time within the budgets. kRam: the smallest
// largest arena. Others, and limits: goals.h. A net of several frames
// (host/lower/batch.h) runs on a node without links. Throws Error(kDoesNotFit)
// with the node, the layer, the bytes that it needs and the smallest change
// that would fit; Error(kUsage) for what cannot be asked.
// Budgets that the smallest arena keeps are never refused (last_resort.h).
Plan make_plan(const Net&, const PlanRequest&);

// What make_plan() tries first, without regard to PlanLimits::search_s. It may
// refuse what the smallest arena keeps.
// `memo`: of plans of the same net over the same nodes, which share it.
Plan find_plan(const Net&, const PlanRequest&, SegmentMemo* memo = nullptr);

}  // namespace shoal
