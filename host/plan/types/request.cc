#include "host/plan/types/request.h"

#include <utility>

namespace shoal {

PlanRequest one_node(const Board& board, std::optional<int64_t> ram) {
  PlanRequest request;
  request.cluster = uniform_cluster(1, board, ram);
  return request;
}

PlanRequest linked_nodes(Cluster cluster, std::string strategy,
                         Objective objective) {
  PlanRequest request;
  for (ClusterNode& n : cluster.nodes) use_linked_cores(n);
  request.cluster = std::move(cluster);
  request.linked = true;
  request.strategy = std::move(strategy);
  request.objective = objective;
  return request;
}

PlanRequest linked_nodes(Cluster cluster, Cuts cuts, Objective objective) {
  PlanRequest request = linked_nodes(std::move(cluster), "", objective);
  request.cuts = std::move(cuts);
  return request;
}

}  // namespace shoal
