#include "host/plan/planner/last_resort.h"

#include <algorithm>
#include <optional>

#include "host/base/error.h"
#include "host/plan/order/layer_graph.h"
#include "host/plan/planner/goals.h"
#include "host/plan/planner/plan_numbers.h"
#include "host/plan/planner/trials.h"
#include "host/plan/search/search.h"
#include "host/plan/text/does_not_fit.h"
#include "host/plan/types/deadline.h"
#include "host/plan/types/tuning.h"

namespace shoal {
namespace {

PlanRequest for_smallest(const PlanRequest& request) {
  PlanRequest r = request;
  r.objective = Objective::kRam;
  auto& nodes = r.cluster.nodes;
  const bool most = std::ranges::any_of(
      nodes, [](const ClusterNode& n) { return n.max_arena.has_value(); });
  for (ClusterNode& n : nodes) most ? n.max_arena.reset() : n.ram.reset();
  return r;
}

bool same_budgets(const Cluster& a, const Cluster& b) {
  return std::ranges::equal(a.nodes, b.nodes, {}, &ClusterNode::plan_budget,
                            &ClusterNode::plan_budget);
}

// Returns whether the refused search included this one: for the least time,
// `auto` ends with the search for the smallest arena if nothing fits.
bool was_tried(const Net& net, const PlanRequest& request,
               const PlanRequest& smallest) {
  if (!same_budgets(request.cluster, smallest.cluster)) return false;
  if (request.objective == Objective::kRam) return true;
  return request.is_auto() && request.cluster.nodes.size() > 1 &&
         !request.limits.any() && LayerGraph(net).has_one_order();
}

// Returns whether the refusal is known to be so far from what there is that no
// other search would help. Where searches are quick, it is worth some of them
// to find the larger budgets that keep the limits.
bool is_far(const Net& net, const Cluster& cluster, const Cluster& free,
            const Misfit& refused) {
  if (plan_work(net, cluster.nodes.size()) <= tuning::kCheap) return false;
  if (const std::optional<double> times = refused.times_limit) {
    const bool is_asked = !same_budgets(cluster, free) &&
                          cluster.nodes.size() <= tuning::kManyNodes;
    return !is_asked && *times > tuning::kFarOff;
  }
  const std::optional<int64_t> bytes = refused.arena_bytes;
  if (!bytes) return false;
  int64_t room = 0;
  for (const ClusterNode& n : cluster.nodes) {
    room = std::max(room, n.plan_budget());
  }
  return static_cast<double>(*bytes) >
         tuning::kMayReach * static_cast<double>(room);
}

}  // namespace

OrMisfit<Plan> plan_or_smallest(
    const Net& net, const PlanRequest& request,
    const std::function<OrMisfit<Plan>(const PlanRequest&)>& find) {
  OrMisfit<Plan> asked = find(request);
  if (asked || asked.misfit().code != Exit::kDoesNotFit ||
      PlanDeadline::passed()) {
    return asked;
  }
  const Misfit& refused = asked.misfit();
  const PlanRequest smallest = for_smallest(request);
  if (was_tried(net, request, smallest) ||
      is_far(net, request.cluster, smallest.cluster, refused)) {
    return asked;
  }
  // The misfit does not matter: these budgets were not requested.
  OrMisfit<Plan> plan = find(smallest);
  if (!plan) return asked;
  if (fits(request.cluster, *plan)) {
    plan->objective = request.objective;
    return plan;
  }
  const Misfit larger = arena_does_not_fit(net, request, *plan);
  if (refused.arena_bytes) return *lesser(refused, larger);
  if (!refused.times_limit) return asked;
  return or_else(refused, larger.fix, numbers_of(net, request, *plan, false),
                 plan->strategy);
}

}  // namespace shoal
