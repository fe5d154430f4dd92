#include "host/plan/text/left_out.h"

#include <algorithm>
#include <utility>

#include "host/base/size.h"

namespace shoal {

const char* helped_by(Objective objective) {
  switch (objective) {
    case Objective::kLatency:
      break;
    case Objective::kRam:
      return "the largest arena smaller";
    case Objective::kThroughput:
      return "frames follow sooner";
    case Objective::kEnergy:
      return "the frame use less energy";
    case Objective::kTraffic:
      return "the traffic smaller";
  }
  return "the frame faster";
}

bool chose_nodes(const Plan& plan) { return plan.says_nodes || plan.is_auto(); }

std::vector<LeftOut> left_out(
    const Plan& plan, const std::vector<std::optional<int64_t>>& budgets) {
  // The name of an `auto` plan compares the plan with one over all nodes.
  const std::string reason =
      !chose_nodes(plan)
          ? "the layers are too small for a share of its own"
          : "giving it work would not make " +
                std::string(helped_by(plan.objective)) + ": " + plan.strategy;
  int64_t least = INT64_MAX;
  for (const PlanNode& n : plan.nodes) {
    if (!n.stages.empty()) least = std::min<int64_t>(least, n.arena_bytes);
  }
  std::vector<LeftOut> nodes;
  if (!plan.linked) return nodes;
  for (size_t n = 0; n < plan.nodes.size(); ++n) {
    if (!plan.nodes[n].stages.empty()) continue;
    LeftOut out{plan.nodes[n].name, reason, {}};
    // If no plan over all nodes fits, the reason is the nodes with less memory
    // than any share takes.
    if (plan.not_on_all && n < budgets.size() && budgets[n] &&
        *budgets[n] < least) {
      out.budget = budgets[n];
      out.reason = "no share that was tried fits its arena of " +
                   format_count(*budgets[n]) + " B: " + plan.strategy;
    }
    nodes.push_back(std::move(out));
  }
  return nodes;
}

double macs_ratio(const Plan& plan) {
  return plan.model_macs ? static_cast<double>(plan.macs) /
                               static_cast<double>(plan.model_macs)
                         : 1.0;
}

}  // namespace shoal
