// Finds the smallest number of nodes that is enough.
#pragma once

#include <optional>
#include <vector>

#include "host/plan/planner/quick_plan.h"

namespace shoal {

// Returns the request for `count` nodes with links: its own ones, then copies
// of its last one.
PlanRequest with_nodes(const PlanRequest&, int count);

// The smallest number of nodes, up to `most`, with a plan within budgets and
// limits; when QuickPlans is used up, the smallest that was found until then.
// `thorough`: the whole search is made where the request leaves the cuts to it
// and a quick plan comes near the limits.
struct FewestNodes {
  int nodes = 0;  // 0: none
  struct Try {
    int nodes = 0;
    std::optional<QuickPlan> best;  // none: no plan fits
    std::optional<double> bound_s;  // the proven least time, if it is too long
    bool enough() const { return best && best->enough; }
  };
  std::vector<Try> tries;  // by number of nodes
};
FewestNodes fewest_nodes(const Net&, const PlanRequest&, int from, int most,
                         QuickPlans&, bool thorough = false);
inline constexpr int kMostTriedNodes = 64;

}  // namespace shoal
