#include "host/plan/planner/less.h"

#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <optional>
#include <utility>
#include <vector>

#include "host/plan/planner/node_kinds.h"
#include "host/plan/planner/plan_numbers.h"
#include "host/plan/search/lone_search.h"
#include "host/plan/search/search.h"
#include "host/plan/types/deadline.h"
#include "host/plan/types/tuning.h"

namespace shoal {
namespace {

// Budgets of the ladder are powers of two, rates powers of ten.
constexpr int64_t kLeastBudget = 1024;
constexpr double kLeastRate = 1e6;

int64_t most_budget(const Cluster& cluster) {
  int64_t most = 0;
  for (const ClusterNode& n : cluster.nodes) {
    most = std::max(most, n.plan_budget());
  }
  return most;
}

std::optional<PlanRequest> within(const PlanRequest& request, int64_t budget) {
  PlanRequest less = request;
  bool any = false;
  for (ClusterNode& n : less.cluster.nodes) {
    if (n.plan_budget() <= budget) continue;
    n.ram = std::min(budget, n.arena_budget());
    any = true;
  }
  if (!any) return std::nullopt;
  return less;
}

std::optional<PlanRequest> over_slower_links(const PlanRequest& request,
                                             double rate) {
  PlanRequest less = request;
  bool any = false;
  for (ClusterNode& n : less.cluster.nodes) {
    if (n.board.link_bits_per_s <= rate) continue;
    n.board.link_bits_per_s = rate;
    any = true;
  }
  if (!any) return std::nullopt;
  return less;
}

void take_sooner(OrMisfit<Plan>& best, OrMisfit<Plan> other) {
  if (!other || (best && best->latency_s <= other->latency_s)) return;
  best = std::move(other);
}

}  // namespace

OrMisfit<Plan> plan_with_less(const Net& net, const PlanRequest& request,
                              const FindPlanOf& find) {
  OrMisfit<Plan> best = find(request);
  const bool has_ladder =
      request.effort >= tuning::kLadderEffort && request.is_auto() &&
      request.objective == Objective::kLatency && !request.limits.any();
  if (!best || !has_ladder) return best;
  int64_t budget = kLeastBudget;
  while (budget * 2 < most_budget(request.cluster)) budget *= 2;
  for (; budget >= kLeastBudget && !PlanDeadline::passed(); budget /= 2) {
    const std::optional<PlanRequest> less = within(request, budget);
    if (!less) continue;
    OrMisfit<Plan> plan = find(*less);
    // Smaller budgets do not suffice either.
    if (!plan) break;
    take_sooner(best, std::move(plan));
  }
  if (!request.over_links()) return best;
  double fastest = 0;
  for (const ClusterNode& n : request.cluster.nodes) {
    fastest = std::max(fastest, n.board.link_bits_per_s);
  }
  for (double rate = kLeastRate; rate < fastest; rate *= 10) {
    if (PlanDeadline::passed()) break;
    const std::optional<PlanRequest> less = over_slower_links(request, rate);
    if (!less) continue;
    OrMisfit<Plan> plan = find(*less);
    if (!plan) continue;
    finish_plan(net, request, supplies_of(request.cluster, *plan), *plan);
    take_sooner(best, std::move(plan));
  }
  return best;
}

OrMisfit<Plan> plan_in_no_time(const Net& net, const PlanRequest& request,
                               OrMisfit<Plan> found) {
  if (found || !PlanDeadline::passed() || !request.is_auto() ||
      request.limits.any()) {
    return found;
  }
  const NoPlanDeadline no_deadline;
  std::vector<int> nodes = nodes_to_share(request.cluster);
  std::ranges::stable_sort(nodes, std::greater{}, [&](int n) {
    return request.cluster.nodes[static_cast<size_t>(n)].rating;
  });
  const auto node = [&](int n) -> const ClusterNode& {
    return request.cluster.nodes[static_cast<size_t>(n)];
  };
  const ClusterNode* before = nullptr;
  for (const int n : nodes) {
    if (before && are_alike(*before, node(n))) continue;
    before = &node(n);
    const bool alone = !request.over_links();
    OrMisfit<Plan> plan = search_plan(
        net, request,
        alone ? node_search(net, request) : lone_search(net, request, n));
    if (!plan) continue;
    plan->strategy = "auto (single)";
    if (request.cluster.nodes.size() > 1) {
      plan->strategy = fmt::format("auto (single on 1 of {} nodes)",
                                   request.cluster.nodes.size());
      plan->says_nodes = true;
    }
    plan->objective = request.objective;
    return plan;
  }
  return found;
}

}  // namespace shoal
