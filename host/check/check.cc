#include "host/check/check.h"

#include "host/check/premises.h"

namespace shoal {

std::vector<std::string> check(const Net& net, const Plan& plan) {
  Findings found;
  if (plan.nodes.size() != 1) {
    found.add("the plan has ", plan.nodes.size(),
              " nodes; only plans of one node can be judged");
    return found.take();
  }
  const PlanNode& node = plan.nodes[0];
  check_structure(net, node, found);
  if (!found.empty()) return found.take();
  check_actors(net, node, found);
  if (!found.empty()) return found.take();
  const Instances instances = find_instances(node);
  check_coverage(net, node, instances, found);
  check_memory(net, node, instances, found);
  check_statistics(net, plan, found);
  if (!found.empty()) return found.take();
  check_completion(net, node, instances, found);
  return found.take();
}

}  // namespace shoal
