#include "host/plan/cluster/plan_linked.h"

#include <algorithm>
#include <deque>

#include "host/base/error.h"
#include "host/plan/cluster/gaps.h"
#include "host/plan/cluster/slices.h"
#include "host/plan/cluster/split_build.h"
#include "host/plan/cluster/split_search.h"
#include "host/plan/cost/plan_time.h"
#include "host/plan/text/does_not_fit.h"
#include "host/plan/types/trial_shares.h"

namespace shoal {
namespace {

// With more nodes fewer plans are built in full.
constexpr int kManyNodes = 16;

int64_t largest_arena(const Plan& plan) {
  int64_t most = 0;
  for (const PlanNode& node : plan.nodes) {
    most = std::max<int64_t>(most, node.arena_bytes);
  }
  return most;
}

class Planner {
 public:
  Planner(const SplitNet& split, const PlanRequest& request)
      : s_(split),
        cluster_(request.cluster),
        request_(request),
        streaming_(split, cluster_),
        model_(split, cluster_, streaming_, request.max_payload),
        search_(split, model_) {
    for (const ClusterNode& node : cluster_.nodes) {
      if (!node.board.flash_mapped) {
        throw Error(Exit::kUsage,
                    "node " + node.name + ": board " + node.board.name +
                        " reads weights from storage, which plans for several "
                        "nodes cannot yet",
                    "a board whose flash is memory mapped");
      }
      limits_.push_back(node.plan_budget());
    }
    for (int n = 0; n < s_.nodes; ++n)
      supplies_.push_back(streaming_.supply(n));
  }

  Plan plan() {
    std::optional<Plan> best;
    if (request_.objective == Objective::kLatency) best = fastest();
    if (!best) best = smallest();
    if (!best) no_segments();
    if (!fits(*best)) {
      // Of unequal budgets the smallest one need not be the tight one.
      std::optional<Plan> other = fastest();
      if (!other) does_not_fit(*best);
      best = std::move(other);
    }
    if (request_.objective == Objective::kLatency)
      give_gaps(s_.net, *best, limits_);
    finish(*best);
    return std::move(*best);
  }

 private:
  bool fits(const Plan& plan) const {
    for (size_t n = 0; n < limits_.size(); ++n) {
      if (plan.nodes[n].arena_bytes > limits_[n]) return false;
    }
    return true;
  }

  std::vector<int64_t> less(const std::vector<int64_t>& limits,
                            int percent) const {
    std::vector<int64_t> all;
    for (int n = 0; n < s_.nodes; ++n) {
      all.push_back(
          shares::percent_of(percent, limits[n] - model_.fixed_bytes()));
    }
    return all;
  }

  std::optional<Plan> build(const SplitChoice& choice, int tries,
                            int slack = 0) {
    BuildOptions how;
    how.tighten_tries = tries;
    how.slack = slack;
    if (request_.objective == Objective::kLatency) how.budgets = limits_;
    return build_split_plan(s_, choice, streaming_, how);
  }

  // Choices for less and less of the budget, each once.
  class Choices {
   public:
    explicit Choices(const SplitSearch& search) : search_(search) {}
    const SplitChoice* next(const SplitBudget& budget) {
      std::optional<SplitChoice> choice = search_.fastest(budget);
      if (!choice) return nullptr;
      for (const SplitChoice& c : seen_) {
        if (c.segments == choice->segments && c.passes == choice->passes) {
          return nullptr;
        }
      }
      seen_.push_back(std::move(*choice));
      return &seen_.back();
    }

   private:
    const SplitSearch& search_;
    std::deque<SplitChoice> seen_;
  };

  std::optional<Plan> smallest() {
    const std::optional<int64_t> least = search_.smallest_budget();
    if (!least) return std::nullopt;
    Choices choices(search_);
    std::optional<Plan> best;
    const SplitChoice* best_choice = nullptr;
    int builds = s_.nodes > kManyNodes ? 2 : 5;
    for (const auto& [hard, soft] : shares::kSmallest) {
      SplitBudget budget;
      const int64_t bytes = shares::percent_of(hard, *least);
      budget.hard.assign(limits_.size(), bytes);
      budget.soft.assign(limits_.size(), shares::percent_of(soft, bytes));
      const SplitChoice* choice = choices.next(budget);
      if (!choice) continue;
      std::optional<Plan> next = build(*choice, 0);
      if (next && (!best || largest_arena(*next) < largest_arena(*best))) {
        best = std::move(next);
        best_choice = choice;
      }
      if (--builds == 0) break;
    }
    if (!best) return best;
    if (s_.nodes > kManyNodes) return best;
    std::optional<Plan> tight = build(*best_choice, 40);
    return largest_arena(*tight) < largest_arena(*best) ? std::move(tight)
                                                        : std::move(best);
  }

  std::optional<Plan> fastest() {
    Choices choices(search_);
    for (const auto& [hard, soft] : shares::kFastest) {
      const SplitBudget budget{less(limits_, hard), less(limits_, soft)};
      const SplitChoice* choice = choices.next(budget);
      if (!choice) continue;
      std::optional<Plan> next = build(*choice, 0);
      if (!next || !fits(*next)) continue;
      for (const int slack : {8, 4, 2, 1}) {
        if (s_.nodes > kManyNodes && slack != 4) continue;
        std::optional<Plan> loose = build(*choice, 0, slack);
        // Rows must not take the room of slots or gaps.
        if (loose && fits(*loose) && give_gaps(s_.net, *loose, limits_) &&
            is_about_as_fast(*loose, *next)) {
          return loose;
        }
      }
      return next;
    }
    return std::nullopt;
  }

  // Rows only take time where slots for chunks had the room before.
  bool is_about_as_fast(Plan loose, Plan tight) const {
    const auto streams = [](const PlanNode& n) { return !n.storage.empty(); };
    if (std::ranges::none_of(loose.nodes, streams)) return true;
    finish(loose);
    finish(tight);
    return loose.latency_s <= tight.latency_s * shares::kAboutAsFast;
  }

  void finish(Plan& plan) const {
    for (size_t n = 0; n < plan.nodes.size(); ++n) {
      PlanNode& node = plan.nodes[n];
      node.name = cluster_.nodes[n].name;
      node.board = cluster_.nodes[n].board.name;
      node.fixed_bytes =
          static_cast<uint32_t>(cluster_.nodes[n].board.fixed_bytes());
    }
    plan.strategy = s_.cuts.strategy;
    set_slices(s_.net, cluster_, plan);
    model_plan(s_.net, supplies_, request_.max_payload, plan);
  }

  // Only what the file of cuts keeps together can be in the way.
  [[noreturn]] void no_segments() const {
    const int layer = search_.clash();
    if (layer < 0) throw Error(Exit::kInternal, s_.net.name + ": no segments");
    const bool loop = s_.is_inner(layer);
    throw Error(Exit::kUsage,
                "cuts " + s_.cuts.strategy + ": a segment must end behind " +
                    layer_text(s_.net.layers[layer]) +
                    ", where the cut changes, but its block " +
                    (loop ? "has groups" : "is joined"),
                loop ? "groups = 1" : "joined = false");
  }

  [[noreturn]] void does_not_fit(const Plan& plan) const {
    for (size_t n = 0; n < limits_.size(); ++n) {
      const PlanNode& node = plan.nodes[n];
      if (node.arena_bytes <= limits_[n]) continue;
      arena_does_not_fit(s_.net, request_, node, cluster_.nodes[n],
                         largest_arena(plan));
    }
    throw Error(Exit::kInternal, "a plan that fits does not fit");
  }

  const SplitNet& s_;
  const Cluster& cluster_;
  const PlanRequest& request_;
  const Streaming streaming_;
  const CostModel model_;
  const SplitSearch search_;
  std::vector<int64_t> limits_;
  std::vector<Supply> supplies_;
};

// Nodes assign what they read of variables, not what they would own. That
// costs no layer before any row, because across the end of a segment all is
// exchanged.
Cuts with_assignments_apart(const Net& net, Cuts cuts) {
  const auto assigns = [&net](const Layer& l) {
    return std::any_of(
        net.variables.begin(), net.variables.end(),
        [&l](const NetVariable& v) { return v.after == l.out.tensor; });
  };
  const auto first =
      std::find_if(net.layers.begin(), net.layers.end(), assigns);
  if (!std::all_of(first, net.layers.end(), assigns)) {
    throw Error(Exit::kInternal, net.name + ": assigns before its last layer");
  }
  if (first != net.layers.end() && first != net.layers.begin()) {
    cuts.ends.push_back(static_cast<int>(first - net.layers.begin()) - 1);
  }
  return cuts;
}

}  // namespace

Plan plan_linked(const Net& net, const PlanRequest& request, const Cuts& cuts) {
  const Cuts ended = with_assignments_apart(net, cuts);
  const SplitNet split(net, request.cluster, ended);
  return Planner(split, request).plan();
}

}  // namespace shoal
