// A plan as JSON: what scripts rely on (nodes with arena_bytes, macs, stages
// and so on) and, under each stage, all buffers, ports and actors.
#pragma once

#include <string>

#include "host/plan/text/plan_figures.h"
#include "host/plan/text/plan_table.h"
#include "host/plan/types/lower_bound.h"
#include "host/plan/types/plan.h"

namespace shoal {

// Returns indented JSON text with a newline at its end. `bound` may be null:
// nothing was proven. `budgets` explain why nodes have no share. `figures` may
// be null: the text has none.
std::string plan_json(const Net&, const Plan&,
                      const LowerBound* bound = nullptr,
                      const Budgets& budgets = {},
                      const PlanFigures* figures = nullptr);

}  // namespace shoal
