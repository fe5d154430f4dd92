// What would make a refused request possible: each number is one that a plan
// was found with.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "host/plan/planner/plan_numbers.h"

namespace shoal {

// The same network for a picture of so many percent of its rows and columns;
// none: it has no such thing. `text` becomes "96 x 96".
using SmallerNet =
    std::function<std::optional<Net>(int percent, std::string& text)>;

// A line of each kind that helps, what it is and what a plan then takes:
// another strategy, bytes per node, an input that comes again, more nodes,
// bytes that spill, storage for weights, a smaller input. Where a plan is by
// another strategy than the request's, the line says --strategy. Ends with the
// thread's PlanDeadline.
std::vector<std::string> find_fixes(const Net&, const PlanRequest&,
                                    const SmallerNet&);

// So many nodes, with links: the request's, then ones like its last.
PlanRequest with_nodes(const PlanRequest&, int count);

// How few nodes have a plan within budgets and limits, up to `most`; as few as
// were found when the thread's PlanDeadline passes.
struct FewestNodes {
  int nodes = 0;  // 0: none
  struct Try {
    int nodes = 0;
    std::optional<PlanNumbers> best;  // none: no plan fits the nodes
    std::string strategy;             // of the best, as --strategy takes it
    bool enough = false;
  };
  std::vector<Try> tries;  // by number of nodes
};
FewestNodes fewest_nodes(const Net&, const PlanRequest&, int from, int most);
inline constexpr int kMostTriedNodes = 64;

}  // namespace shoal
