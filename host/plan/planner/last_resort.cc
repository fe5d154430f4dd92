#include "host/plan/planner/last_resort.h"

#include <algorithm>
#include <exception>
#include <optional>
#include <string>

#include "host/base/error.h"
#include "host/plan/order/layer_graph.h"
#include "host/plan/planner/goals.h"
#include "host/plan/planner/plan_numbers.h"
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

// Whether that is what was refused: where the least time is asked and nothing
// fits, `auto` ends with the search for the smallest arena.
bool was_tried(const Net& net, const PlanRequest& request,
               const PlanRequest& smallest) {
  if (!same_budgets(request.cluster, smallest.cluster)) return false;
  if (request.objective == Objective::kRam) return true;
  return request.is_auto() && request.cluster.nodes.size() > 1 &&
         !request.limits.any() && LayerGraph(net).has_one_order();
}

// Whether what was found is far beyond what there is, if that is known, so that
// no other search would help; which larger budgets keep limits is worth some
// searches where they do not take long.
bool is_far(const Net& net, const Cluster& cluster, const Cluster& free,
            const std::exception_ptr& refused) {
  if (net.layers.size() * cluster.nodes.size() <= tuning::kCheap) return false;
  if (const std::optional<double> times = times_beyond_limits(refused)) {
    const bool is_asked = !same_budgets(cluster, free) &&
                          cluster.nodes.size() <= tuning::kMostThorough;
    return !is_asked && *times > tuning::kMayKeep;
  }
  const std::optional<int64_t> bytes = bytes_asked(refused);
  if (!bytes) return false;
  int64_t room = 0;
  for (const ClusterNode& n : cluster.nodes) {
    room = std::max(room, n.plan_budget());
  }
  return static_cast<double>(*bytes) >
         tuning::kMayReach * static_cast<double>(room);
}

std::string fix_of(const std::exception_ptr& refusal) {
  try {
    std::rethrow_exception(refusal);
  } catch (const Error& e) {
    return e.fix();
  }
}

std::exception_ptr refusal_of(const Net& net, const PlanRequest& request,
                              const Plan& plan) {
  try {
    arena_does_not_fit(net, request, plan);
  } catch (const Error&) {
    return std::current_exception();
  }
}

}  // namespace

Plan plan_or_smallest(const Net& net, const PlanRequest& request,
                      const std::function<Plan(const PlanRequest&)>& find) {
  std::exception_ptr refused;
  try {
    return find(request);
  } catch (const Error& e) {
    if (e.code() != Exit::kDoesNotFit || PlanDeadline::passed()) throw;
    refused = std::current_exception();
  }
  const PlanRequest smallest = for_smallest(request);
  if (!was_tried(net, request, smallest) &&
      !is_far(net, request.cluster, smallest.cluster, refused)) {
    try {
      Plan plan = find(smallest);
      if (fits(request.cluster, plan)) {
        plan.objective = request.objective;
        return plan;
      }
      const std::exception_ptr larger = refusal_of(net, request, plan);
      if (bytes_asked(refused)) {
        refused = lesser_refusal(refused, larger);
      } else if (times_beyond_limits(refused)) {
        refused = or_else(refused, fix_of(larger),
                          numbers_of(net, request, plan, false), plan.strategy);
      }
    } catch (const Error& e) {
      // Of budgets that nobody has asked for.
      if (e.code() == Exit::kInternal) throw;
    }
  }
  std::rethrow_exception(refused);
}

}  // namespace shoal
