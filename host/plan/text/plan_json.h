// A plan as JSON: what a script relies on (nodes with arena_bytes, macs,
// stages and so on) and, under each stage, every buffer, port and actor.
#pragma once

#include <string>

#include "host/plan/text/plan_figures.h"
#include "host/plan/text/plan_table.h"
#include "host/plan/types/lower_bound.h"
#include "host/plan/types/plan.h"

namespace shoal {

// Indented JSON text with a newline at its end.
// `bound` may be null: nothing was proved. `budgets` say why nodes have no
// share. `figures` may be null: then there are none in it.
std::string plan_json(const Net&, const Plan&,
                      const LowerBound* bound = nullptr,
                      const Budgets& budgets = {},
                      const PlanFigures* figures = nullptr);

}  // namespace shoal
