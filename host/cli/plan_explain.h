// The plan's own times beside those in virtual time, segment by segment, and
// the plans that were nearly taken (--explain).
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <vector>

#include "host/cli/commands.h"
#include "host/plan/planner/explore.h"
#include "host/plan/types/lower_bound.h"

namespace shoal {

// None: the plan, or virtual time, does not know it.
struct SideBySide {
  std::string of;  // a node, or who has the link
  std::optional<double> planned_s = {}, simulated_s = {};
};

// Between nodes with links: how long they wait for rows, and how long links
// carry datagrams in the direction that is busier.
struct Talk {
  SideBySide slowest;  // waits; the node that is the slowest by the plan
  SideBySide longest;  // waits; the node that waits most
  SideBySide link;     // the busiest
};

struct SegmentTimes {
  int segment = 0;
  std::string layers, node, bound;  // of the slowest node by the plan
  double planned_s = 0, simulated_s = 0;
  Talk talk = {};
};

struct Explanation {
  std::vector<SegmentTimes> segments;  // of a node alone: its stages
  double planned_s = 0, simulated_s = 0;
  // Nodes with links: behind what they do of the frame, and all of it; then
  // nobody is the slowest.
  bool linked = false;
  Talk end, frame;
  LowerBound bound;
  std::vector<PlanTrial> runners_up;  // best first
  size_t tried = 0;
};

// Plans again as `simulate` does, and runs a frame of noise.
Explanation explain_plan(const PlanCommandFlags&);
// Tables leave out columns that do not fit `width`.
std::string explanation_text(const Explanation&, size_t width);
nlohmann::ordered_json explanation_json(const Explanation&);

}  // namespace shoal
