// Strategy `auto`: which of the named strategies, and over which of the nodes.
// A node that only slows the frame down, or makes the others' arenas larger, is
// left out: it stays in the plan, without a share.
#pragma once

#include "host/lower/net.h"
#include "host/plan/planner/trials.h"
#include "host/plan/types/plan.h"
#include "host/plan/types/request.h"

namespace shoal {

class SegmentMemo;

// As make_plan() for nodes with links. The plan's strategy says what was taken.
// Throws what the default strategy over all nodes would, if nothing fits.
// `taken`: gets what was taken.
Plan auto_plan(const Net&, const PlanRequest&, SegmentMemo* memo = nullptr,
               Trial* taken = nullptr);

// What auto_plan() begins with, over all nodes, in a fraction of its time: its
// own plan is at least as good. Throws where auto_plan() may still find one.
Plan brief_auto_plan(const Net&, const PlanRequest&);

}  // namespace shoal
