#include "host/plan/search/search.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "host/plan/build/build_plan.h"
#include "host/plan/cost/plan_time.h"
#include "host/plan/draft/spill.h"
#include "host/plan/text/does_not_fit.h"
#include "host/plan/types/tuning.h"

namespace shoal {
namespace {

// Returns whether these bytes leave little of the node's budget.
bool nearly_fills(const ClusterNode& node, int64_t bytes) {
  return tuning::kFarOff * static_cast<double>(bytes) >
         static_cast<double>(node.plan_budget());
}

}  // namespace

bool fits(const Cluster& cluster, const Plan& plan) {
  for (size_t n = 0; n < plan.nodes.size(); ++n) {
    if (plan.nodes[n].arena_bytes > cluster.nodes[n].plan_budget()) {
      return false;
    }
  }
  return true;
}

bool is_tight(const Cluster& cluster, const Plan& plan) {
  for (size_t n = 0; n < plan.nodes.size(); ++n) {
    if (nearly_fills(cluster.nodes[n], plan.nodes[n].arena_bytes)) return true;
  }
  return false;
}

bool is_tight_besides_weights(const ClusterNode& node, const PlanNode& plan) {
  int64_t bytes = plan.arena_bytes - plan.sram_weight_bytes;
  for (const PlanBank& b : plan.banks) bytes += b.bytes;
  return nearly_fills(node, bytes);
}

bool lacks_room(const Cluster& cluster, const Plan& plan) {
  if (plan.barely_fits) return true;
  for (size_t n = 0; n < plan.nodes.size(); ++n) {
    if (is_tight_besides_weights(cluster.nodes[n], plan.nodes[n])) return true;
  }
  return false;
}

void finish_plan(const Net& net, const PlanRequest& request, Plan& plan,
                 SegmentMemo* memo) {
  const std::vector<Supply> supplies = supplies_of(request.cluster, plan);
  bool spills = false;
  for (size_t n = 0; n < plan.nodes.size(); ++n) {
    PlanNode& node = plan.nodes[n];
    const ClusterNode& of = request.cluster.nodes[n];
    node.name = of.name;
    node.board = of.board.name;
    node.fixed_bytes = static_cast<uint32_t>(of.board.fixed_bytes());
    spills |= node.spill_pages > 0;
  }
  if (plan.linked) set_slices(net, request.cluster, plan);
  model_plan(net, supplies, request.max_payload, plan,
             memo ? &memo->rehearsals() : nullptr);
  if (spills) {
    add_spill_numbers(*supplies[0].board, *supplies[0].storage, plan);
  }
}

int64_t largest_budget(const Cluster& cluster) {
  int64_t most = 0;
  for (const ClusterNode& n : cluster.nodes) {
    most = std::max(most, n.plan_budget());
  }
  return most;
}

int64_t far_beyond(const Cluster& cluster) {
  return static_cast<int64_t>(tuning::kFarOff *
                              static_cast<double>(largest_budget(cluster)));
}

bool takes_more(Search& search, int64_t bytes) {
  return search.least_arena(bytes) > bytes;
}

OrMisfit<Plan> smallest_plan(const Net& net, const PlanRequest& request,
                             Search& search) {
  OrMisfit<Plan> least = search.smallest();
  if (!least) return least;
  if (fits(request.cluster, *least)) {
    std::optional<Plan> loose = search.loosened_smallest();
    if (loose) least = *std::move(loose);
    least->barely_fits = request.objective == Objective::kLatency;
    return least;
  }
  std::string else_fits;
  if (std::optional<Plan> other = search.otherwise(else_fits)) {
    return std::move(*other);
  }
  return arena_does_not_fit(net, request, *least, else_fits);
}

OrMisfit<Plan> search_plan(const Net& net, const PlanRequest& request,
                           SearchOrMisfit search) {
  if (!search) return search.misfit();
  Search& s = **search;
  std::optional<Plan> fast;
  if (request.objective == Objective::kLatency) fast = s.fastest();
  OrMisfit<Plan> plan =
      fast ? OrMisfit<Plan>(*std::move(fast)) : smallest_plan(net, request, s);
  if (plan) finish_plan(net, request, *plan);
  return plan;
}

Plan idle_plan(const Net& net, const Cluster& cluster) {
  PlanDraft draft;
  draft.plan.linked = true;
  draft.stages.resize(cluster.nodes.size());
  std::vector<Supply> supplies;
  for (const ClusterNode& n : cluster.nodes) {
    const bool mapped = n.board.flash_mapped;
    draft.plan.nodes.emplace_back().mapped = mapped;
    supplies.push_back({&n.board,
                        mapped ? nullptr : &find_storage(n.board, n.storage),
                        !mapped && n.sealed});
  }
  return build_plan(net, std::move(draft), supplies, {});
}

void SearchOptions::save_memory() {
  overlays = true;
  groups.assign(std::begin(tuning::kGroups), std::end(tuning::kGroups));
}

}  // namespace shoal
