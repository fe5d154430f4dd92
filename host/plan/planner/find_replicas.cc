#include "host/plan/planner/find_replicas.h"

#include <algorithm>
#include <vector>

#include "host/plan/cost/program_size.h"
#include "host/plan/planner/node_kinds.h"
#include "host/plan/planner/planner.h"
#include "host/plan/types/deadline.h"

namespace shoal {
namespace {

// Returns the plan of a frame on the node alone; none if it does not fit.
std::optional<Replica> replica_on(const Net& net, const ClusterNode& node) {
  PlanRequest alone;
  alone.cluster.nodes = {node};
  const OrMisfit<Plan> plan = try_plan(net, alone);
  if (!plan && plan.misfit().code != Exit::kDoesNotFit) plan.misfit().raise();
  if (!plan || exceeds_flash(net, alone.cluster, *plan)) return std::nullopt;
  return Replica{node.name, plan->latency_s, plan->nodes[0].arena_bytes};
}

}  // namespace

std::optional<Replicas> find_replicas(const Net& net,
                                      const PlanRequest& request) {
  if (!net.variables.empty()) return std::nullopt;
  struct Kind {
    const ClusterNode* first = nullptr;
    std::optional<Replica> replica;
  };
  std::vector<Kind> kinds;
  Replicas all;
  all.without_tiles = request.replay;
  for (const ClusterNode& node : request.cluster.nodes) {
    auto kind = std::ranges::find_if(
        kinds, [&](const Kind& k) { return are_alike(*k.first, node); });
    if (kind == kinds.end()) {
      if (PlanDeadline::passed()) return std::nullopt;
      kinds.push_back({&node, replica_on(net, node)});
      if (PlanDeadline::passed()) return std::nullopt;
      kind = kinds.end() - 1;
    }
    if (kind->replica) {
      all.nodes.push_back(*kind->replica);
      all.nodes.back().node = node.name;
    } else {
      all.does_not_fit.push_back(node.name);
    }
  }
  return all;
}

}  // namespace shoal
