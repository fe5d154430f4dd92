#include "host/cli/plan_rehearsal.h"

#include "host/plan/planner/plan_numbers.h"
#include "host/plan/types/stream_table.h"

namespace shoal {

PlanFigures figures_of(const Net& net, const PlanRequest& request,
                       const Plan& plan) {
  constexpr uint32_t kOfOneCrew = 2;  // the next one's rows are on their way
  PlanFigures f;
  f.has_network = plan.linked;
  if (plan.linked) {
    const uint32_t most = frames_under_way(plan, stream_edges(plan));
    const bool follow = request.objective == Objective::kThroughput;
    if (follow || most > kOfOneCrew) f.frames_under_way = most;
  }
  const PlanNumbers n = numbers_of(net, request, plan, f.frames_under_way > 1);
  f.frames_per_s = net.frames / n.period_s;
  if (n.energy_j > 0) f.energy_j = n.energy_j / net.frames;
  return f;
}

bool wants_replicas(const PlanRequest& request) {
  return request.objective == Objective::kThroughput &&
         request.cluster.nodes.size() > 1;
}

}  // namespace shoal
