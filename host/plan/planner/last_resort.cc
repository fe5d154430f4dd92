#include "host/plan/planner/last_resort.h"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <cmath>
#include <cstddef>
#include <optional>
#include <utility>
#include <vector>

#include "host/base/error.h"
#include "host/plan/order/layer_graph.h"
#include "host/plan/planner/goals.h"
#include "host/plan/planner/node_kinds.h"
#include "host/plan/planner/plan_numbers.h"
#include "host/plan/planner/trials.h"
#include "host/plan/search/search.h"
#include "host/plan/text/does_not_fit.h"
#include "host/plan/types/at_once.h"
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
  return static_cast<double>(*bytes) >
         tuning::kMayReach * static_cast<double>(largest_budget(cluster));
}

// Budgets of the ladder are powers of two, rates powers of ten.
constexpr int64_t kLeastBudget = 1024;
constexpr double kLeastRate = 1e6;

// Returns the request within each smaller budget of the ladder, the largest
// first.
std::vector<PlanRequest> with_smaller_budgets(const PlanRequest& request) {
  const int64_t most = largest_budget(request.cluster);
  int64_t budget = kLeastBudget;
  while (budget * 2 < most) budget *= 2;
  std::vector<PlanRequest> all;
  for (; budget >= kLeastBudget; budget /= 2) {
    PlanRequest less = request;
    bool any = false;
    for (ClusterNode& n : less.cluster.nodes) {
      if (n.plan_budget() <= budget) continue;
      n.ram = std::min(budget, n.arena_budget());
      any = true;
    }
    if (any) all.push_back(std::move(less));
  }
  return all;
}

// Returns the request over links of each lower rate of the ladder, the slowest
// first.
std::vector<PlanRequest> over_slower_links(const PlanRequest& request) {
  if (!request.over_links()) return {};
  double fastest = 0;
  for (const ClusterNode& n : request.cluster.nodes) {
    fastest = std::max(fastest, n.board.link_bits_per_s);
  }
  std::vector<PlanRequest> all;
  for (double rate = kLeastRate; rate < fastest; rate *= 10) {
    PlanRequest less = request;
    for (ClusterNode& n : less.cluster.nodes) {
      n.board.link_bits_per_s = std::min(n.board.link_bits_per_s, rate);
    }
    all.push_back(std::move(less));
  }
  return all;
}

}  // namespace

OrMisfit<Plan> plan_or_smallest(const Net& net, const PlanRequest& request,
                                const FindPlanOf& find) {
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

OrMisfit<Plan> plan_with_less(const Net& net, const PlanRequest& request,
                              const FindPlanOf& find) {
  const bool has_ladder =
      request.effort >= tuning::kLadderEffort && request.is_auto() &&
      request.objective == Objective::kLatency && !request.limits.any();
  if (!has_ladder) return find(request);
  // The request, then the rungs.
  std::vector<PlanRequest> asked{request};
  for (PlanRequest& r : with_smaller_budgets(request)) {
    asked.push_back(std::move(r));
  }
  const size_t budgets = asked.size();
  for (PlanRequest& r : over_slower_links(request)) {
    asked.push_back(std::move(r));
  }
  std::vector<std::optional<OrMisfit<Plan>>> plans(asked.size());
  // Without a plan for the request none counts, and within smaller budgets than
  // those that do not suffice there is none.
  std::atomic<bool> any = true;
  std::atomic<size_t> too_small = budgets;
  search_at_once(asked.size(), request.jobs, [&](size_t i) {
    if (i > 0 && (PlanDeadline::passed() || !any)) return;
    if (i < budgets && i > too_small) return;
    asked[i].jobs = 1;
    plans[i] = find(asked[i]);
    if (*plans[i]) return;
    if (i == 0) any = false;
    for (size_t t = too_small; i > 0 && i < t;) {
      if (too_small.compare_exchange_weak(t, i)) break;
    }
  });
  OrMisfit<Plan> best = *std::move(plans[0]);
  if (!best) return best;
  for (size_t i = 1; i < plans.size(); ++i) {
    if (i < budgets && i >= too_small) continue;
    if (!plans[i] || !*plans[i]) continue;
    Plan plan = **std::move(plans[i]);
    if (i >= budgets) {
      finish_plan(net, request, plan);
    }
    if (plan.latency_s < best->latency_s) best = std::move(plan);
  }
  return best;
}

OrMisfit<Plan> plan_in_no_time(const Net& net, const PlanRequest& request,
                               OrMisfit<Plan> found) {
  if (!PlanDeadline::passed() || !request.is_auto()) return found;
  const Objective objective = request.objective;
  const bool is_ram = objective == Objective::kRam;
  if (found && is_ram) return found;
  const PlanDeadline no_deadline(PlanDeadline::Never{});
  const bool frames = objective == Objective::kThroughput;
  const double best =
      found ? numbers_of(net, request, *found, frames).of(objective) : HUGE_VAL;
  const auto node = [&](int n) -> const ClusterNode& {
    return request.cluster.nodes[static_cast<size_t>(n)];
  };
  PlanRequest known = request;  // an objective that searches know
  if (!is_ram) known.objective = Objective::kLatency;
  const ClusterNode* before = nullptr;
  for (const int n : fastest_first(request.cluster)) {
    if (before && are_alike(*before, node(n))) continue;
    before = &node(n);
    if (found && objective == Objective::kLatency &&
        least_s(net, request, {n}) >= best) {
      continue;
    }
    OrMisfit<Plan> plan = search_plan(net, known, node_search(net, known, n));
    if (!plan) continue;
    const PlanNumbers numbers = numbers_of(net, request, *plan, frames);
    if (!keeps(request.limits, numbers)) continue;
    if (numbers.of(objective) >= best) return found;
    plan->strategy = "auto (single)";
    if (request.cluster.nodes.size() > 1) {
      plan->strategy = fmt::format("auto (single on 1 of {} nodes)",
                                   request.cluster.nodes.size());
      plan->says_nodes = true;
    }
    plan->objective = objective;
    return plan;
  }
  return found;
}

}  // namespace shoal
