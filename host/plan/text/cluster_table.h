// The table of a linked plan: what every node needs and does (of many nodes,
// the least, the mean and the most), what every segment does, the traffic.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "host/plan/types/plan.h"

namespace shoal {

// `budgets`: of the nodes' arenas, by node; missing ones are unlimited.
std::string cluster_table(const Plan&,
                          const std::vector<std::optional<int64_t>>& budgets);

}  // namespace shoal
