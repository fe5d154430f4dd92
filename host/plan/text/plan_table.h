// A plan as a table for people: what each node needs of its budget, what each
// stage holds and what its time goes to, the largest buffers, and what keeps
// the plan from being faster or smaller.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "host/plan/types/plan.h"

namespace shoal {

// `budget` is the arena that was allowed, to each node; none: unlimited.
std::string plan_table(const Net&, const Plan&,
                       std::optional<int64_t> budget = std::nullopt);
// Each node has its own.
std::string plan_table(const Net&, const Plan&,
                       const std::vector<std::optional<int64_t>>& budgets);

}  // namespace shoal
