#include "host/plan/types/request.h"

#include <utility>

#include "host/base/error.h"

namespace shoal {

const char* objective_name(Objective objective) {
  switch (objective) {
    case Objective::kRam:
      return "ram";
    case Objective::kThroughput:
      return "throughput";
    case Objective::kEnergy:
      return "energy";
    case Objective::kTraffic:
      return "traffic";
    default:
      return "latency";
  }
}

Objective objective_of(const std::string& name) {
  std::string known;
  for (const Objective o :
       {Objective::kLatency, Objective::kRam, Objective::kThroughput,
        Objective::kEnergy, Objective::kTraffic}) {
    if (name == objective_name(o)) return o;
    known += (known.empty() ? "" : ", ") + std::string(objective_name(o));
  }
  throw Error(Exit::kUsage, "--objective: '" + name + "' is unknown",
              "one of: " + known);
}

PlanRequest one_node(const Board& board, std::optional<int64_t> ram) {
  PlanRequest request;
  request.cluster = uniform_cluster(1, board, ram);
  return request;
}

PlanRequest linked_nodes(Cluster cluster, std::string strategy,
                         Objective objective) {
  PlanRequest request;
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
