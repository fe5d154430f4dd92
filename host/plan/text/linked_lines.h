// The table of a linked plan: what each node needs and does (of many nodes, the
// least, the mean and the most), what each segment does, and the traffic. Only
// for plan_table().
#pragma once

#include <cstddef>
#include <string>

#include "host/plan/text/plan_table.h"

namespace shoal {

std::string linked_lines(const Plan&, const Budgets&, size_t width);

}  // namespace shoal
