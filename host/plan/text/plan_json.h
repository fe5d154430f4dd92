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

// Returns the data that a node keeps in other banks than the arena's, for plans
// and simulations.
template <class Json>
Json banks_json(const PlanNode& n) {
  Json banks = Json::array();
  for (const PlanBank& b : n.banks) {
    banks.push_back(
        {{"name", b.name}, {"bytes", b.bytes}, {"room_bytes", b.room}});
  }
  return banks;
}

}  // namespace shoal
