// A plan as a table for people: what each node needs of its budget, what each
// stage holds and where its time goes, the largest buffers, and what keeps the
// plan from being faster or smaller.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "host/base/table.h"
#include "host/plan/types/cluster.h"
#include "host/plan/types/lower_bound.h"
#include "host/plan/types/plan.h"

namespace shoal {

// The budgets of the nodes' arenas. A budget that is none or missing is
// unlimited.
using Budgets = std::vector<std::optional<int64_t>>;
Budgets budgets_of(const Cluster&);

// Returns the table. `bound` may be null: nothing was proven. Tables leave out
// columns that do not fit `width`; lines of text are not broken.
std::string plan_table(const Net&, const Plan&, const Budgets& = {},
                       const LowerBound* bound = nullptr,
                       size_t width = kAnyWidth);
// Returns the part of a linked plan: what each node needs and does (of many
// nodes, the least, the mean and the most), what each segment does, and the
// traffic.
std::string linked_lines(const Plan&, const Budgets&, size_t width);
// Returns "bound ... this is within 14 % of what any plan could do" or, if the
// plan is far from it, "no plan takes less; this one 1.8 times as long".
std::string bound_line(const LowerBound&, double latency_s);

}  // namespace shoal
