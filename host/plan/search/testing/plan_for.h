// The plan of one node of a board, with the board's RAM or less.
#pragma once

#include <optional>
#include <string>

#include "host/plan/planner/planner.h"

namespace shoal {

inline Plan plan_for(const Net& net, const std::string& board,
                     Objective objective,
                     std::optional<int64_t> ram = std::nullopt) {
  PlanRequest options = one_node(find_board(board));
  options.objective = objective;
  options.node().ram = ram;
  return make_plan(net, options);
}

}  // namespace shoal
