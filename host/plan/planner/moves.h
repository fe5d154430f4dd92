// Moves: changes of the best plan of a crew that are worth trying. A move knows
// no plan but the best one and those before it. It only proposes; whether a
// change is better, the plan that is built of it tells. A new move is a
// function here, and a line where crew_plan.cc improves a plan.
#pragma once

#include <vector>

#include "host/lower/net.h"
#include "host/plan/planner/mixed_cuts.h"
#include "host/plan/planner/splices.h"
#include "host/plan/planner/trials.h"
#include "host/plan/types/plan.h"
#include "host/plan/types/request.h"

namespace shoal {

struct MoveFrom {
  const Net& net;
  const PlanRequest& request;
  const Trial& trial;  // the best plan, and what it was made from
  const Plan& plan;
  const std::vector<Rehearsed>& plans;  // all plans that fit
  MixedCuts& mixed;                     // estimates of cuts
};

// Returns trials, the most promising first.
using Move = std::vector<Trial>(const MoveFrom&);

// For each run of layers in a segment the best estimate without its cuts there.
Move recut_run;
// Runs of layers as another plan has them, where its nodes work less.
Move splice_plans;
// Other shares of runs whose nodes do not work as long as one another.
Move balance_shares;
// Borders between runs of layers with the same cells, one layer or more on; and
// whole runs with other cells.
Move move_borders;
// Layers at a border between nodes, one or more, go to the nodes on its other
// side.
Move hand_over;
// The ends of segments at other prices, so that there are fewer or more.
Move change_waits;
// Room in rings for what links have under way, if there was none; else none.
Move change_in_flight_room;

}  // namespace shoal
