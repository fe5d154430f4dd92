// What a plan says of its time beside what virtual time makes of it, segment by
// segment, and the plans that were nearly taken (--explain).
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "host/cli/commands.h"
#include "host/plan/planner/explore.h"
#include "host/plan/types/lower_bound.h"

namespace shoal {

struct SegmentTimes {
  int segment = 0;
  std::string layers, node, bound;  // of the slowest node by the plan
  double planned_s = 0, simulated_s = 0;
};

struct Explanation {
  std::vector<SegmentTimes> segments;  // of a node alone: its stages
  double planned_s = 0, simulated_s = 0;
  LowerBound bound;
  std::vector<PlanTrial> runners_up;  // best first
  size_t tried = 0;
};

// Plans again as `simulate` does, and runs a frame of noise.
Explanation explain_plan(const PlanCommandFlags&);
std::string explanation_text(const Explanation&);
nlohmann::ordered_json explanation_json(const Explanation&);

}  // namespace shoal
