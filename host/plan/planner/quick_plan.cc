#include "host/plan/planner/quick_plan.h"

#include <algorithm>
#include <map>
#include <utility>

#include "host/plan/cuts/cuts.h"
#include "host/plan/planner/auto_plan.h"
#include "host/plan/planner/bounds.h"
#include "host/plan/planner/planner.h"
#include "host/plan/planner/trials.h"
#include "host/plan/search/search.h"
#include "host/plan/types/deadline.h"
#include "host/plan/types/tuning.h"

namespace shoal {
namespace {

// Not a strategy: the plan with which `auto` begins.
constexpr const char* kBrief = "brief";

// For one node all strategies are the same.
bool has_several(const PlanRequest& request) {
  return request.cluster.nodes.size() > 1;
}

// Only the whole search looks for plans within a limit of traffic.
bool keeps_traffic(const PlanRequest& request, const std::string& name) {
  return name == "auto" && request.limits.traffic_bytes.has_value();
}

// Returns the relative planning time of a layer on one of several nodes, as
// measured on MobileNetV2.
int64_t weight_of(const std::string& name) {
  if (name == "kernel") return 4;
  if (name == kBrief) return 3;
  return name == "auto" || name.empty() ? 16 : 1;
}
int64_t weight_of(const PlanRequest& request, const std::string& name) {
  if (!has_several(request)) return request.replay ? 20 : 6;
  return keeps_traffic(request, name) ? 40 : weight_of(name);
}

bool better(const QuickPlan& a, const QuickPlan& b, Objective by) {
  if (a.enough != b.enough) return a.enough;
  return a.numbers.of(by) < b.numbers.of(by);
}

bool same_budgets(const Cluster& cluster) {
  return std::ranges::all_of(cluster.nodes, [&](const ClusterNode& n) {
    return n.plan_budget() == cluster.nodes[0].plan_budget();
  });
}

// Returns parts of the request's search, the cheapest first.
std::vector<std::string> parts_of(const PlanRequest& request) {
  if (!has_several(request) || !request.is_auto()) return {request.strategy};
  const bool few = request.cluster.nodes.size() <= tuning::kManyNodes;
  // The final plan of `auto` may have another traffic than the one with which
  // it begins.
  if (request.limits.traffic_bytes) {
    if (few) return cheapest_first();
    return {cheapest_first().front()};
  }
  if (!few) return {kBrief};
  // Only `auto` finds the nodes to leave out.
  if (!same_budgets(request.cluster)) return {kBrief, "auto"};
  // The brief plan begins with the first strategy, so it replaces that.
  std::vector<std::string> parts = cheapest_first();
  parts.front() = kBrief;
  parts.pop_back();
  return parts;
}

// Returns whether the estimate rules the plan out. No misfit is needed.
bool cannot_fit(const Net& net, const PlanRequest& request) {
  if (!has_several(request) || request.is_auto() || request.has_own_cuts() ||
      request.objective != Objective::kLatency) {
    return false;
  }
  Cuts cuts = make_cuts(net, request.cluster, {.strategy = request.strategy});
  const SearchOrMisfit search = linked_search(net, request, std::move(cuts));
  return !search || takes_more(**search, far_beyond(request.cluster));
}

}  // namespace

std::vector<std::string> cheapest_first() {
  std::vector<std::string> names = general_strategies();
  names.emplace_back("auto");
  std::ranges::stable_sort(
      names, {}, [](const std::string& name) { return weight_of(name); });
  return names;
}

bool QuickPlans::used_up() const {
  return left_ <= 0 || PlanDeadline::passed();
}

bool QuickPlans::take(const Net& net, const PlanRequest& request,
                      const std::string& name) {
  if (used_up()) return false;
  left_ -= weight_of(request, name) *
           static_cast<int64_t>(plan_work(net, request.cluster.nodes.size()));
  return true;
}

std::optional<QuickPlan> QuickPlans::make(const Net& net,
                                          const PlanRequest& request,
                                          const std::string& name) {
  if (!take(net, request, name)) return std::nullopt;
  PlanRequest r = request;
  if (!keeps_traffic(request, name)) r.limits = {};
  r.limits.search_s.reset();
  r.compared = true;
  const bool brief = name == kBrief;
  if (!brief) r.strategy = name;
  if (!brief && cannot_fit(net, r)) return std::nullopt;
  const OrMisfit<Plan> plan =
      brief ? brief_auto_plan(net, r) : find_plan(net, r);
  if (!plan) return std::nullopt;
  QuickPlan found;
  found.numbers = numbers_of(net, r, *plan, false);
  found.strategy = plan->strategy;
  found.spilled = plan->nodes[0].storage_written_bytes;
  found.enough = keeps(request.limits, found.numbers);
  const bool searched = has_several(request) && request.is_auto();
  if (!searched && name != request.strategy) found.asked = name;
  found.or_less = searched && name != "auto";
  return found;
}

std::optional<QuickPlan> QuickPlans::best_of(
    const Net& net, const PlanRequest& request,
    const std::vector<std::string>& names, bool enough) {
  std::optional<QuickPlan> best;
  for (const std::string& name : names) {
    std::optional<QuickPlan> found = make(net, request, name);
    if (!found) continue;
    if (!best || better(*found, *best, request.objective)) {
      best = std::move(found);
    }
    if (enough && best->enough) break;
  }
  return best;
}

std::optional<QuickPlan> QuickPlans::find(
    const Net& net, PlanRequest request,
    const std::vector<std::string>& names) {
  if (forbidding_bound_s(net, request)) return std::nullopt;
  request.objective = Objective::kLatency;
  return best_of(net, request, names, true);
}

std::optional<QuickPlan> QuickPlans::find(const Net& net,
                                          const PlanRequest& request) {
  return find(net, request, parts_of(request));
}

std::optional<QuickPlan> QuickPlans::find_smallest(const Net& net,
                                                   const PlanRequest& request) {
  PlanRequest r = request;
  r.objective = Objective::kRam;
  r.limits = {};
  std::optional<QuickPlan> best = best_of(net, r, parts_of(r), false);
  if (best) best->or_less = true;  // its arena may allow a faster plan
  return best;
}

std::optional<double> forbidding_bound_s(const Net& net,
                                         const PlanRequest& request) {
  if (!request.limits.latency_s) return std::nullopt;
  const double least = lower_bound(net, request).latency_s;
  if (least <= *request.limits.latency_s) return std::nullopt;
  return least;
}

PlanRequest with_nodes(const PlanRequest& request, int count) {
  PlanRequest r = request;
  r.linked = true;
  if (r.strategy == "single") r.strategy = "auto";
  r.max_writes = 0;  // only a node alone spills
  while (static_cast<int>(r.cluster.nodes.size()) < count) {
    ClusterNode n = r.cluster.nodes.back();
    n.name = "node" + std::to_string(r.cluster.nodes.size());
    n.address.clear();
    r.cluster.nodes.push_back(std::move(n));
  }
  for (ClusterNode& n : r.cluster.nodes) use_linked_cores(n);
  return r;
}

FewestNodes fewest_nodes(const Net& net, const PlanRequest& request, int from,
                         int most, QuickPlans& plans, bool thorough) {
  std::map<int, FewestNodes::Try> tried;
  // Asks the whole search, if that can make the difference.
  const auto try_harder = [&](const PlanRequest& r, FewestNodes::Try& t) {
    const std::optional<double> limit = request.limits.latency_s;
    if (!t.best || !t.best->or_less || !limit || t.nodes > tuning::kManyNodes ||
        t.best->numbers.latency_s > tuning::kFarOff * *limit) {
      return;
    }
    std::optional<QuickPlan> found = plans.find(net, r, {"auto"});
    if (found) t.best = std::move(found);
  };
  const auto enough = [&](int count) {
    const PlanRequest r = with_nodes(request, count);
    FewestNodes::Try t{count, {}, forbidding_bound_s(net, r)};
    if (!t.bound_s) t.best = plans.find(net, r);
    if (!t.enough() && !t.bound_s && plans.used_up()) return false;
    if (!t.enough() && thorough) try_harder(r, t);
    return tried.insert_or_assign(count, std::move(t)).first->second.enough();
  };
  int low = from - 1, high = 0;  // not enough, enough
  for (int count = from; count <= most && !plans.used_up(); count *= 2) {
    if (enough(count)) {
      high = count;
      break;
    }
    low = count;
    if (count < most && count * 2 > most) count = most / 2;
  }
  while (high > 0 && high - low > 1 && !plans.used_up()) {
    const int middle = low + (high - low) / 2;
    (enough(middle) ? high : low) = middle;
  }
  FewestNodes few{high, {}};
  for (auto& [count, t] : tried) few.tries.push_back(std::move(t));
  return few;
}

}  // namespace shoal
