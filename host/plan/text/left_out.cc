#include "host/plan/text/left_out.h"

namespace shoal {

const char* helped_by(const std::string& objective) {
  if (objective == "ram") return "arenas smaller";
  if (objective == "throughput") return "frames follow sooner";
  if (objective == "energy") return "the frame draw less";
  if (objective == "traffic") return "the traffic less";
  return "the frame faster";
}

std::vector<LeftOut> left_out(const Plan& plan) {
  // `auto` says in its name what the plan takes with all nodes and without.
  const bool chosen = plan.strategy.starts_with("auto");
  const std::string reason =
      !chosen
          ? "the layers are too small for a share of its own"
          : "no share of its would make " +
                std::string(helped_by(plan.objective)) + ": " + plan.strategy;
  std::vector<LeftOut> nodes;
  if (!plan.linked) return nodes;
  for (const PlanNode& n : plan.nodes) {
    if (n.stages.empty()) nodes.push_back({n.name, reason});
  }
  return nodes;
}

double macs_ratio(const Plan& plan) {
  return plan.model_macs ? static_cast<double>(plan.macs) /
                               static_cast<double>(plan.model_macs)
                         : 1.0;
}

}  // namespace shoal
