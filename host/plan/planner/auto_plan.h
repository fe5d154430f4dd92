// Strategy `auto` chooses the cuts and the nodes that have a share. A node that
// would only slow the frame down, or enlarge the others' arenas, stays in the
// plan without a share.
#pragma once

#include <cstddef>
#include <vector>

#include "host/lower/net.h"
#include "host/plan/planner/trials.h"
#include "host/plan/types/misfit.h"
#include "host/plan/types/plan.h"
#include "host/plan/types/request.h"

namespace shoal {

class SegmentMemo;

// The trial from which the best plan of a crew was made.
struct CrewTrial {
  size_t nodes = 0;  // size of its cluster: the request's first nodes
  Trial trial = {};
};

// Makes the plan of strategy auto for nodes with links. The plan's strategy
// says what was chosen. `tried` receives the trial of that plan; for the
// smallest arena, the best trials of all other crews follow it.
OrMisfit<Plan> auto_plan(const Net&, const PlanRequest&,
                         SegmentMemo* memo = nullptr,
                         std::vector<CrewTrial>* tried = nullptr);

// Returns the best plan of these trials.
OrMisfit<Plan> auto_plan_of(const Net&, const PlanRequest&,
                            std::vector<CrewTrial>);

// Returns what auto_plan() begins with over all nodes, in a fraction of its
// time. auto_plan() is never worse, and may find a plan where this finds none.
OrMisfit<Plan> brief_auto_plan(const Net&, const PlanRequest&);

}  // namespace shoal
