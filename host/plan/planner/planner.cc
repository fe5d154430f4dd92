#include "host/plan/planner/planner.h"

#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "host/base/error.h"
#include "host/plan/cuts/cuts.h"
#include "host/plan/planner/auto_plan.h"
#include "host/plan/planner/goals.h"
#include "host/plan/planner/last_resort.h"
#include "host/plan/planner/less.h"
#include "host/plan/planner/order_plan.h"
#include "host/plan/planner/trials.h"
#include "host/plan/search/less_in_flash.h"
#include "host/plan/search/search.h"
#include "host/plan/search/segment_memo.h"
#include "host/plan/tokens/token_simulation.h"
#include "host/plan/types/deadline.h"
#include "host/plan/types/progress.h"
#include "host/plan/types/tuning.h"

namespace shoal {
namespace {

// One order would be enough; the others may reveal an error in the simulation.
void assert_completes(const Net& net, const Plan& plan) {
  for (const FiringOrder order :
       {FiringOrder::kDeepest, FiringOrder::kShallowest,
        FiringOrder::kRandom}) {
    const bool one_order =
        !plan.linked || plan.nodes.size() > tuning::kFewNodes;
    if (one_order && order != FiringOrder::kDeepest) continue;
    SimulateOptions options;
    options.order = order;
    const Simulation run = simulate(net, plan, options);
    if (run.completed) continue;
    std::string text = "the plan does not complete in segment " +
                       std::to_string(run.segment) + ":";
    for (const std::string& b : run.blocked) text += " " + b + ";";
    throw Error(Exit::kInternal, text);
  }
}

Cuts cuts_of(const Net& net, const PlanRequest& request) {
  if (request.cuts) return *request.cuts;
  if (request.cuts_file) {
    return parse_cuts(request.cuts_file->name, request.cuts_file->text, net,
                      request.cluster);
  }
  return make_cuts(net, request.cluster, {.strategy = request.strategy});
}

SearchOrMisfit search_for(const Net& net, const PlanRequest& request,
                          SegmentMemo* memo,
                          const SearchOptions& options = {}) {
  if (request.is_auto()) return node_search(net, request);
  if (request.over_links()) {
    Cuts cuts = cuts_of(net, request);
    // For one node all strategies are the same.
    const bool alone = request.cluster.nodes.size() == 1;
    if (alone && !request.has_own_cuts()) return node_search(net, request);
    if (memo) memo->trim(static_cast<int>(request.cluster.nodes.size()));
    return linked_search(net, request, std::move(cuts), options, memo);
  }
  if (request.strategy == "single") return node_search(net, request);
  throw Error(Exit::kUsage,
              "--strategy " + request.strategy +
                  " is not known for one node; known: auto, single");
}

// Moves weights to storage where flash has no room for them and the tables of a
// program.
OrMisfit<Plan> plan_within_flash(const Net& net, const PlanRequest& request,
                                 SegmentMemo* memo,
                                 const SearchOptions& options = {}) {
  OrMisfit<Plan> first =
      search_plan(net, request, search_for(net, request, memo, options));
  if (!first) return first;
  Plan plan = *first;
  PlanRequest of = request;
  for (int round = 0; round < tuning::kFlashRounds; ++round) {
    if (!exceeds_flash(net, request.cluster, plan)) return plan;
    std::optional<PlanRequest> less = less_in_flash(net, of, plan);
    if (!less) break;
    of = *std::move(less);
    OrMisfit<Plan> other =
        search_plan(net, of, search_for(net, of, nullptr, options));
    if (!other) break;
    plan = *std::move(other);
  }
  if (exceeds_flash(net, request.cluster, plan)) return first;
  return plan;
}

// Takes `other` if it is faster by more than the fraction `by`.
void take_sooner(const Net& net, const Cluster& cluster, Plan& plan,
                 OrMisfit<Plan> other, double by = 0) {
  if (!other || other->latency_s >= (1 - by) * plan.latency_s) return;
  if (exceeds_flash(net, cluster, *other) &&
      !exceeds_flash(net, cluster, plan)) {
    return;
  }
  plan = *std::move(other);
}

// Plans by given cuts. Room for rows under way may be missing elsewhere, so
// rings with it and without it are compared.
OrMisfit<Plan> plan_by_cuts(const Net& net, const PlanRequest& request,
                            SegmentMemo* memo) {
  OrMisfit<Plan> plan = plan_within_flash(net, request, memo);
  if (!plan || request.objective != Objective::kLatency || request.compared ||
      request.cluster.nodes.size() > tuning::kMostThorough ||
      PlanDeadline::passed()) {
    return plan;
  }
  SearchOptions other;
  other.in_flight_room = false;
  take_sooner(net, request.cluster, *plan,
              plan_within_flash(net, request, memo, other));
  return plan;
}

// Plans a node alone. With links and for the least time, it also tries segments
// like those of a cluster's nodes, which compute while rows still arrive: over
// slow links that may be faster.
OrMisfit<Plan> plan_of_one(const Net& net, const PlanRequest& request,
                           SegmentMemo* memo) {
  if (request.has_own_cuts()) return plan_by_cuts(net, request, memo);
  OrMisfit<Plan> plan = plan_within_flash(net, request, memo);
  if (!plan || !request.over_links() ||
      request.objective != Objective::kLatency) {
    return plan;
  }
  PlanRequest streamed = request;
  streamed.cuts = make_cuts(net, request.cluster, {.strategy = "spatial"});
  streamed.cuts->strategy = plan->strategy;
  SegmentMemo memo_of_ways(net);
  for (const SearchOptions& way : streamed_ways()) {
    if (PlanDeadline::passed()) break;
    take_sooner(net, request.cluster, *plan,
                search_plan(net, streamed,
                            linked_search(net, streamed, *streamed.cuts, way,
                                          &memo_of_ways)),
                tuning::kClearly);
  }
  return plan;
}

// Where plans cost much, the other order only gets the cuts that are best in
// the net's own order: a few more plans than the dozens that found these.
OrMisfit<Plan> auto_plan_in_best_order(const Net& net,
                                       const PlanRequest& request,
                                       SegmentMemo* memo) {
  const bool is_cheap =
      plan_work(net, request.cluster.nodes.size()) <= tuning::kCostly;
  std::vector<CrewTrial> tried;
  const auto find = [&](const Net& n) {
    // The memo is of the net in its own order.
    return auto_plan(n, request, &n == &net ? memo : nullptr,
                     is_cheap ? nullptr : &tried);
  };
  if (is_cheap) return plan_in_best_order(net, request, find);
  return plan_in_best_order(net, request, find,
                            [&](const Net& n, const LayerOrder& order) {
                              for (CrewTrial& t : tried) {
                                t.trial = in_order(std::move(t.trial), order);
                              }
                              return auto_plan_of(n, request, std::move(tried));
                            });
}

}  // namespace

OrMisfit<Plan> try_plan(const Net& net, const PlanRequest& request) {
  const PlanDeadline deadline(request.limits.search_s);
  const PlanProgress progress;
  const auto find = [&](const PlanRequest& r) { return find_plan(net, r); };
  const auto find_or_smallest = [&](const PlanRequest& r) {
    return plan_or_smallest(net, r, find);
  };
  return plan_in_no_time(net, request,
                         plan_with_less(net, request, find_or_smallest));
}

Plan make_plan(const Net& net, const PlanRequest& request) {
  return try_plan(net, request).value();
}

namespace {

OrMisfit<Plan> find_by_road(const Net& net, const PlanRequest& request,
                            SegmentMemo* memo) {
  if (has_goals(request)) return goal_plan(net, request);
  const bool several = request.cluster.nodes.size() > 1;
  if (!several) {
    return plan_in_best_order(net, request, [&](const Net& n) {
      return plan_of_one(n, request, memo);
    });
  }
  return request.is_auto() ? auto_plan_in_best_order(net, request, memo)
                           : plan_by_cuts(net, request, memo);
}

}  // namespace

OrMisfit<Plan> find_plan(const Net& net, const PlanRequest& request,
                         SegmentMemo* memo) {
  OrMisfit<Plan> plan = find_by_road(net, request, memo);
  if (!plan) return plan;
  plan->objective = request.objective;
  // Plans for goals were checked when they were found here, except for
  // pipelines, which are linked.
  if (plan->linked || !has_goals(request)) assert_completes(net, *plan);
  return plan;
}

}  // namespace shoal
