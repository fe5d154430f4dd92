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

// A line of each kind that helps, what it is and what a plan then takes: bytes
// per node, an input that comes again, more nodes, bytes that spill, storage
// for weights, a smaller input.
std::vector<std::string> find_fixes(const Net&, const PlanRequest&,
                                    const SmallerNet&);

// So many equal nodes, like the request's only one, with links.
PlanRequest with_nodes(const PlanRequest&, int count);

// How few equal nodes have a plan within budgets and limits, up to `most`.
struct FewestNodes {
  int nodes = 0;  // 0: none
  struct Try {
    int nodes = 0;
    std::optional<PlanNumbers> best;  // none: no plan fits the nodes
    bool enough = false;
  };
  std::vector<Try> tries;  // by number of nodes
};
FewestNodes fewest_nodes(const Net&, const PlanRequest&, int from, int most);
inline constexpr int kMostTriedNodes = 64;

}  // namespace shoal
