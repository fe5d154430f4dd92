#include "host/split/split_planner.h"

#include <algorithm>

#include "host/base/error.h"
#include "host/base/size.h"
#include "host/plan/simulate.h"
#include "host/plan/time.h"
#include "host/split/split_build.h"

namespace shoal {
namespace {

// Segments as long as they can be.
Segments longest_segments(const SplitNet& split) {
  Segments segments;
  const int n = whole_net(split.net).end;
  MadeBoxes made(split.net.layers.size());
  int end = n;
  while (end > 0) {
    int begin = 0, clash = -1;
    while (!compute_boxes(split, {begin, end}, made, &clash)) {
      begin = clash + 1;
    }
    segments.insert(segments.begin(), {begin, end});
    end = begin;
  }
  return segments;
}

void assert_completes(const Net& net, const Plan& plan) {
  for (const FiringOrder order :
       {FiringOrder::kDeepest, FiringOrder::kShallowest,
        FiringOrder::kRandom}) {
    SimulateOptions options;
    options.order = order;
    const Simulation run = simulate(net, plan, options);
    if (run.completed) continue;
    std::string text = "the plan does not complete in segment " +
                       std::to_string(run.stage) + ":";
    for (const std::string& b : run.blocked) text += " " + b + ";";
    throw Error(Exit::kInternal, text);
  }
}

}  // namespace

Plan make_split_plan(const Net& net, const Cluster& cluster, const Cuts& cuts,
                     const SplitOptions&) {
  const SplitNet split(net, cluster, cuts);
  SplitChoice choice;
  choice.segments = longest_segments(split);
  choice.passes.assign(choice.segments.size(), kOneRow);
  std::optional<Plan> plan = build_split_plan(split, choice, {});
  if (!plan) throw Error(Exit::kInternal, "no segments");
  for (size_t n = 0; n < plan->nodes.size(); ++n) {
    plan->nodes[n].name = cluster.nodes[n].name;
    plan->nodes[n].board = cluster.nodes[n].board.name;
    plan->nodes[n].fixed_bytes =
        static_cast<uint32_t>(cluster.nodes[n].board.fixed_bytes());
  }
  plan->strategy = cuts.strategy;
  model_time(net, cluster.nodes[0].board, *plan);
  assert_completes(net, *plan);
  return *plan;
}

}  // namespace shoal
