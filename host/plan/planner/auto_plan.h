// Strategy `auto`: which of the named strategies, and over which of the nodes.
// A node that only slows the frame down, or makes the others' arenas larger, is
// left out: it stays in the plan, without a share.
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

// What a crew's best plan was made from.
struct CrewTrial {
  size_t nodes = 0;  // of its cluster, the request's first ones
  Trial trial = {};
};

// As make_plan() for nodes with links. The plan's strategy says what was taken.
// `tried`: gets what was taken; where the smallest arena is asked, what is best
// of each crew behind it.
OrMisfit<Plan> auto_plan(const Net&, const PlanRequest&,
                         SegmentMemo* memo = nullptr,
                         std::vector<CrewTrial>* tried = nullptr);

// The best of these and no others.
OrMisfit<Plan> auto_plan_of(const Net&, const PlanRequest&,
                            std::vector<CrewTrial>);

// What auto_plan() begins with, over all nodes, in a fraction of its time: its
// own plan is at least as good. Finds none where auto_plan() may still do so.
OrMisfit<Plan> brief_auto_plan(const Net&, const PlanRequest&);

}  // namespace shoal
