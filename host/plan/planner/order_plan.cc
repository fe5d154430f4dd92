#include "host/plan/planner/order_plan.h"

#include <algorithm>
#include <exception>
#include <optional>
#include <utility>

#include "host/base/error.h"
#include "host/plan/order/order_search.h"
#include "host/plan/search/search.h"
#include "host/plan/text/does_not_fit.h"
#include "host/plan/types/deadline.h"
#include "host/plan/types/tuning.h"

namespace shoal {
namespace {

// Who gives the cuts, or names a strategy, has the file's order in mind. The
// frames of a batch are branches of their own.
bool may_reorder(const Net& net, const PlanRequest& request) {
  return request.is_auto() && net.frames == 1;
}

// `bytes`: of the largest stage, if one node has all of it.
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

// The plan in the net's own order, or why there is none.
struct Own {
  std::optional<Plan> plan;
  std::exception_ptr refused;
};

// `any`: whatever refuses it, there is another plan.
Own own_plan(const Net& net, const std::function<Plan(const Net&)>& find,
             bool any) {
  Own own;
  try {
    own.plan = find(net);
  } catch (const Error& e) {
    if (e.code() == Exit::kInternal) throw;
    if (!any && e.code() != Exit::kDoesNotFit) throw;
    own.refused = std::current_exception();
  }
  return own;
}

Plan result(Own own) {
  if (!own.plan) std::rethrow_exception(own.refused);
  return *std::move(own.plan);
}

}  // namespace

Plan plan_in_best_order(
    const Net& net, const PlanRequest& request,
    const std::function<Plan(const Net&)>& find,
    const std::function<Plan(const Net&, const LayerOrder&)>& again) {
  if (!may_reorder(net, request)) return find(net);
  const LayerGraph graph(net);
  if (graph.has_one_order()) return find(net);
  Own own = own_plan(net, find, false);
  if (PlanDeadline::passed()) return result(std::move(own));
  const std::optional<OrderFound> found =
      find_order(graph, order_bytes(net, graph));
  if (!found) return result(std::move(own));
  const bool small = request.objective == Objective::kRam;
  if (own.plan && !small && !may_gain(request, *own.plan, found->own_bytes)) {
    return result(std::move(own));
  }
  const auto find_other = [&](const Net& n) {
    return own.plan && again ? again(n, found->order) : find(n);
  };
  Own other =
      own_plan(in_order(net, found->order), find_other, own.plan.has_value());
  if (!other.plan) {
    own.refused = lesser_refusal(own.refused, other.refused);
    return result(std::move(own));
  }
  if (own.plan && !is_better(request, *other.plan, *own.plan)) {
    return result(std::move(own));
  }
  Plan plan = result(std::move(other));
  restore_layers(found->order, plan);
  plan.order = {.layers = found->order};
  if (own.plan) {
    plan.order.own_arena_bytes = largest_arena(*own.plan);
    plan.order.own_latency_s = own.plan->latency_s;
  }
  return plan;
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
