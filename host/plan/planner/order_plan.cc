#include "host/plan/planner/order_plan.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "host/plan/order/order_search.h"
#include "host/plan/search/search.h"
#include "host/plan/types/deadline.h"
#include "host/plan/types/tuning.h"

namespace shoal {
namespace {

// Given cuts and named strategies refer to the file's order. The frames of a
// batch are separate branches, which stay in order.
bool may_reorder(const Net& net, const PlanRequest& request) {
  return request.is_auto() && net.frames == 1;
}

// `bytes`: the size of the largest stage, if one node has all layers.
bool may_gain(const PlanRequest& request, const Plan& plan, int64_t bytes) {
  bytes /= std::max<int64_t>(1, busy_nodes(plan));
  return is_tight(request.cluster, plan) ||
         std::ranges::any_of(request.cluster.nodes, [&](const ClusterNode& n) {
           return n.plan_budget() / tuning::kRoomyOrder < bytes;
         });
}

bool is_better(const PlanRequest& request, const Plan& a, const Plan& b) {
  if (request.objective == Objective::kRam &&
      largest_arena(a) != largest_arena(b)) {
    return largest_arena(a) < largest_arena(b);
  }
  const auto measure = [&](const Plan& p) {
    return p.latency_s + request.byte_s * static_cast<double>(p.traffic_bytes);
  };
  return measure(a) < measure(b);
}

}  // namespace

OrMisfit<Plan> plan_in_best_order(const Net& net, const PlanRequest& request,
                                  const FindPlan& find,
                                  const FindPlanAgain& again) {
  if (!may_reorder(net, request)) return find(net);
  const LayerGraph graph(net);
  if (graph.has_one_order()) return find(net);
  OrMisfit<Plan> own = find(net);
  if (PlanDeadline::passed()) return own;
  if (!own && own.misfit().code != Exit::kDoesNotFit) return own;
  const std::optional<OrderFound> found =
      find_order(graph, order_bytes(net, graph));
  if (!found) return own;
  const bool small = request.objective == Objective::kRam;
  if (own && !small && !may_gain(request, *own, found->own_bytes)) return own;
  const Net reordered = in_order(net, found->order);
  OrMisfit<Plan> other =
      own && again ? again(reordered, found->order) : find(reordered);
  if (!other) {
    if (own) return own;
    if (other.misfit().code != Exit::kDoesNotFit) return other;
    return *lesser(own.misfit(), other.misfit());
  }
  if (own && !is_better(request, *other, *own)) return own;
  restore_layers(found->order, *other);
  other->order = {.layers = found->order};
  if (own) {
    other->order.own_arena_bytes = largest_arena(*own);
    other->order.own_latency_s = own->latency_s;
  }
  return other;
}

Trial in_order(Trial trial, const LayerOrder& order) {
  if (trial.alone >= 0) return trial;
  std::vector<LayerCut> layers;
  std::vector<int> position(order.size());
  for (size_t p = 0; p < order.size(); ++p) {
    layers.push_back(std::move(trial.cuts.layers[size_t(order[p])]));
    position[size_t(order[p])] = static_cast<int>(p);
  }
  trial.cuts.layers = std::move(layers);
  const auto comes_apart = [&](auto& run) {
    const int begin = position[size_t(run.begin)];
    for (int l = run.begin; l < run.end; ++l) {
      if (position[size_t(l)] != begin + l - run.begin) return true;
    }
    run.end += begin - run.begin;
    run.begin = begin;
    return false;
  };
  std::erase_if(trial.cuts.blocks, comes_apart);
  std::erase_if(trial.cuts.tiles, comes_apart);
  return trial;
}

}  // namespace shoal
