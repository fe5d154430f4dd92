#include "host/plan/planner/planner.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "host/base/error.h"
#include "host/plan/cuts/cuts.h"
#include "host/plan/planner/auto_plan.h"
#include "host/plan/planner/goals.h"
#include "host/plan/planner/last_resort.h"
#include "host/plan/planner/order_plan.h"
#include "host/plan/planner/trials.h"
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
        !plan.linked || plan.nodes.size() > tuning::kManyNodes;
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

// Returns the best plan of these trials, the first of which has to fit.
OrMisfit<Plan> best_of(const Net& net, const PlanRequest& request,
                       SegmentMemo* memo, std::vector<Trial> all) {
  SegmentMemo own(net);
  Trials trials(net, request, memo ? *memo : own);
  // Given cuts are planned however little time there is.
  std::optional<PlanDeadline> no_deadline;
  if (all.front().alone < 0) no_deadline.emplace(PlanDeadline::Never{});
  trials.run(std::move(all.front()));
  no_deadline.reset();
  if (!trials.any()) return *trials.refused();
  for (size_t i = 1; i < all.size() && !PlanDeadline::passed(); ++i) {
    trials.run(std::move(all[i]));
  }
  return trials.best();
}

// Plans by given cuts. Room for rows under way may be missing elsewhere, so
// rings with it and without it are compared.
OrMisfit<Plan> plan_by_cuts(const Net& net, const PlanRequest& request,
                            SegmentMemo* memo) {
  std::vector<Trial> all(1);
  all[0].cuts = cuts_of(net, request);
  all[0].name = all[0].cuts.strategy;
  if (request.objective == Objective::kLatency && !request.compared &&
      request.cluster.nodes.size() <= tuning::kManyNodes) {
    all.push_back(all[0]);
    all[1].options.in_flight_room = false;
  }
  return best_of(net, request, memo, std::move(all));
}

// For one node all strategies are the same.
OrMisfit<Plan> plan_of_one(const Net& net, const PlanRequest& request,
                           SegmentMemo* memo) {
  const bool links = request.over_links();
  if (links && request.has_own_cuts()) return plan_by_cuts(net, request, memo);
  if (!links && !request.is_auto() && request.strategy != "single") {
    throw Error(Exit::kUsage,
                "--strategy " + request.strategy +
                    " is not known for one node; known: auto, single");
  }
  const std::string name =
      request.strategy.empty() ? "single" : request.strategy;
  if (!links) {
    return best_of(net, request, memo, {{.name = name, .alone = 0}});
  }
  OrMisfit<Plan> plan = auto_plan(net, request, memo);
  if (plan) plan->strategy = name;
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

OrMisfit<Plan> find_by_road(const Net& net, const PlanRequest& request,
                            SegmentMemo* memo) {
  if (has_goals(request)) return goal_plan(net, request);
  if (request.cluster.nodes.size() < 2) {
    return plan_in_best_order(net, request, [&](const Net& n) {
      // The memo is of the net in its own order.
      return plan_of_one(n, request, &n == &net ? memo : nullptr);
    });
  }
  return request.is_auto() ? auto_plan_in_best_order(net, request, memo)
                           : plan_by_cuts(net, request, memo);
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
