// The data that a node keeps in other banks than the arena's, as JSON in plans
// and simulations.
#pragma once

#include "host/plan/types/plan.h"

namespace shoal {

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
