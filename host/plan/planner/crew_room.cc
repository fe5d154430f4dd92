// Plans of a crew whose rows lack room.
#include <cstdint>
#include <utility>
#include <vector>

#include "host/plan/planner/crew_plan.h"
#include "host/plan/types/deadline.h"
#include "host/plan/types/trial_shares.h"

namespace shoal {
namespace {

// In all banks of a node.
int64_t bytes_besides_weights(const PlanNode& node) {
  int64_t bytes = node.arena_bytes - node.sram_weight_bytes;
  for (const PlanBank& b : node.banks) bytes += b.bytes;
  return bytes;
}

}  // namespace

// Weights that stay take whatever is left.
bool CrewPlan::takes_besides_weights(size_t node, double share) const {
  const auto budget =
      static_cast<double>(request_.cluster.nodes[node].plan_budget());
  return static_cast<double>(bytes_besides_weights(
             trials_.best().nodes[node])) > share * budget;
}

// Whether some node could do with more room for rows.
bool CrewPlan::lacks_room() const {
  for (size_t n = 0; n < trials_.best().nodes.size(); ++n) {
    if (takes_besides_weights(n, shares::kTight)) return true;
  }
  return false;
}

// Where only what saves memory fits, all that plans begin with so: their cuts
// were refused as they are. After all else, because estimates of what fits
// hardly are no good beginning; parts of these plans are.
void CrewPlan::try_small_starts() {
  const std::vector<int> ends = ends_of_columns();
  for (const Start& s : starts()) {
    if (PlanDeadline::passed()) return;
    const MixedCuts mixed({net_, request_, crew_, s.cut});
    Trial trial{"mixed", mixed.cuts_of(mixed.best()), s.search};
    trial.weights.save_memory();
    trials_.run(trial);
    for (const int end : ends) trials_.run(in_columns(trial, end));
  }
}

// The best plan and all begins with budgets that leave room for rows of peers:
// beside all else, so that no plan becomes worse.
bool CrewPlan::try_rungs() {
  Trial best = trials_.taken();
  best.weights.rungs = true;
  bool better = trials_.run(std::move(best));
  for (const Start& s : starts()) {
    if (PlanDeadline::passed()) break;
    const MixedCuts mixed({net_, request_, crew_, s.cut});
    Trial trial{"mixed", mixed.cuts_of(mixed.best()), s.search};
    trial.weights.rungs = true;
    better |= trials_.run(std::move(trial));
  }
  return better;
}

}  // namespace shoal
