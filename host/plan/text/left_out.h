// The nodes without a share of a plan, and the reasons.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "host/plan/types/plan.h"

namespace shoal {

struct LeftOut {
  std::string name, reason;
  // The node's budget, if the reason is that no share fits it.
  std::optional<int64_t> budget;
};
// Returns the nodes that are left out. `budgets`: of the nodes' arenas, as far
// as known.
std::vector<LeftOut> left_out(
    const Plan&, const std::vector<std::optional<int64_t>>& budgets = {});

// Returns whether the search chose which nodes have a share, not only how
// layers are cut.
bool chose_nodes(const Plan&);

// Returns the end of "giving it work would not make the frame faster": what the
// objective is about and how it would be better.
const char* helped_by(Objective);

// Returns the MACs of all nodes over the model's; 1 for a model without MACs.
double macs_ratio(const Plan&);

}  // namespace shoal
