// How few nodes are enough.
#pragma once

#include <optional>
#include <vector>

#include "host/plan/planner/quick_plan.h"

namespace shoal {

// So many nodes, with links: the request's, then ones like its last.
PlanRequest with_nodes(const PlanRequest&, int count);

// How few nodes have a plan within budgets and limits, up to `most`; as few as
// were found before there were no more plans. Where the request leaves the cuts
// to the search and comes near, `thorough` asks the whole search.
struct FewestNodes {
  int nodes = 0;  // 0: none
  struct Try {
    int nodes = 0;
    std::optional<QuickPlan> best;  // none: no plan fits the nodes
    std::optional<double> bound_s;  // the proved least time is too long
    bool enough() const { return best && best->enough; }
  };
  std::vector<Try> tries;  // by number of nodes
};
FewestNodes fewest_nodes(const Net&, const PlanRequest&, int from, int most,
                         QuickPlans&, bool thorough = false);
inline constexpr int kMostTriedNodes = 64;

}  // namespace shoal
