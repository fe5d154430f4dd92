// Nodes without a share of a plan, and why.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "host/plan/types/plan.h"

namespace shoal {

struct LeftOut {
  std::string name, reason;
  // The node's budget, where no share fits it and that is the reason.
  std::optional<int64_t> budget;
};
// `budgets` of the nodes' arenas, those that are known.
std::vector<LeftOut> left_out(
    const Plan&, const std::vector<std::optional<int64_t>>& budgets = {});

// Returns whether the search chose which nodes have a share, not only how
// layers are cut.
bool chose_nodes(const Plan&);

// Returns the last words of "giving it work would not make the frame faster":
// the thing that the objective is about and how it would be better.
const char* helped_by(Objective);

// MACs of all nodes over the model's; 1 of a model without any.
double macs_ratio(const Plan&);

}  // namespace shoal
