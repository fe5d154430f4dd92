#include "host/plan/search/linked_search.h"

#include <algorithm>
#include <optional>
#include <utility>
#include <vector>

#include "host/base/error.h"
#include "host/plan/build/build_node.h"
#include "host/plan/build/build_plan.h"
#include "host/plan/search/segment_search.h"
#include "host/plan/text/does_not_fit.h"
#include "host/plan/types/trial_shares.h"

namespace shoal {
namespace {

// With more nodes fewer plans are built in full.
constexpr int kManyNodes = 16;

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

class LinkedSearch : public Search {
 public:
  LinkedSearch(const Net& net, const PlanRequest& request, Cuts cuts)
      : request_(request),
        cluster_(request.cluster),
        cuts_(with_assignments_apart(net, std::move(cuts))),
        cut_(net, cluster_, cuts_),
        streaming_(cut_, cluster_),
        model_(cut_, cluster_, streaming_, request.max_payload),
        search_(cut_, model_) {
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
  }

  const std::vector<Supply>& supplies() const override {
    return streaming_.supplies();
  }

  std::optional<Plan> fastest() override {
    BuildOptions how;
    if (request_.objective == Objective::kLatency) how.budgets = limits_;
    Distinct choices(search_);
    for (const auto& [hard, soft] : shares::kFastest) {
      const std::optional<SegmentChoice> choice =
          choices.next({less(hard), less(soft)});
      if (!choice) continue;
      how.slack = 0;
      std::optional<Plan> next = build(*choice, how);
      if (!next || !fits(cluster_, *next)) continue;
      for (const int slack : {8, 4, 2, 1}) {
        if (cut_.nodes > kManyNodes && slack != 4) continue;
        how.slack = slack;
        std::optional<Plan> loose = build(*choice, how);
        // Rows must not take the room of slots or gaps.
        if (loose && fits(cluster_, *loose) && has_all_gaps(*loose) &&
            is_about_as_fast(*loose, *next)) {
          return loose;
        }
      }
      return next;
    }
    return std::nullopt;
  }

  Plan smallest() override {
    const std::optional<int64_t> least = search_.smallest_budget();
    std::optional<Plan> best;
    std::optional<SegmentChoice> best_choice;
    BuildOptions how;
    Distinct choices(search_);
    int builds = cut_.nodes > kManyNodes ? 2 : 5;
    for (const auto& [hard, soft] : shares::kSmallest) {
      if (!least || builds == 0) break;
      const int64_t bytes = shares::percent_of(hard, *least);
      const auto all = [&](int64_t b) {
        return std::vector<int64_t>(limits_.size(), b);
      };
      const std::optional<SegmentChoice> choice =
          choices.next({all(bytes), all(shares::percent_of(soft, bytes))});
      if (!choice) continue;
      std::optional<Plan> next = build(*choice, how);
      if (next && (!best || largest_arena(*next) < largest_arena(*best))) {
        best = std::move(next);
        best_choice = choice;
      }
      --builds;
    }
    if (!best) no_segments();
    if (cut_.nodes <= kManyNodes) {
      how.tighten_tries = 40;
      std::optional<Plan> tight = build(*best_choice, how);
      const bool is_less = largest_arena(*tight) < largest_arena(*best);
      if (is_less) best = std::move(tight);
      if (!is_less) how.tighten_tries = 0;
    }
    if (request_.objective == Objective::kRam || !fits(cluster_, *best)) {
      return std::move(*best);
    }
    how.budgets = limits_;
    return *build(*best_choice, how);
  }

  // Of unequal budgets the smallest plan need not be the tight one.
  std::optional<Plan> otherwise(std::string&) override {
    if (request_.objective == Objective::kLatency) return std::nullopt;
    return fastest();
  }

 private:
  std::vector<int64_t> less(int percent) const {
    std::vector<int64_t> all;
    for (const int64_t limit : limits_) {
      all.push_back(shares::percent_of(percent, limit - model_.fixed_bytes()));
    }
    return all;
  }

  std::optional<Plan> build(const SegmentChoice& choice,
                            const BuildOptions& how) const {
    std::optional<PlanDraft> draft = linked_draft(cut_, choice);
    if (!draft) return std::nullopt;
    streaming_.place(*draft);
    return build_plan(cut_.net, std::move(*draft), streaming_.supplies(), how);
  }

  // Cuts for less and less of the budget, each once.
  class Distinct {
   public:
    explicit Distinct(const SegmentSearch& search) : search_(search) {}
    std::optional<SegmentChoice> next(const NodeBudgets& budget) {
      const std::optional<Partition> cuts = search_.fastest(budget);
      if (!cuts || std::ranges::find(seen_, *cuts) != seen_.end()) {
        return std::nullopt;
      }
      seen_.push_back(*cuts);
      return search_.choice(*cuts);
    }

   private:
    const SegmentSearch& search_;
    std::vector<Partition> seen_;
  };

  static bool has_all_gaps(const Plan& plan) {
    return std::ranges::all_of(plan.nodes, [](const PlanNode& n) {
      return n.peers.empty() || n.gaps == kGaps;
    });
  }

  // Rows only take time where slots for chunks had the room before.
  bool is_about_as_fast(Plan loose, Plan tight) const {
    const auto streams = [](const PlanNode& n) { return !n.storage.empty(); };
    if (std::ranges::none_of(loose.nodes, streams)) return true;
    finish_plan(cut_.net, request_, supplies(), loose);
    finish_plan(cut_.net, request_, supplies(), tight);
    return loose.latency_s <= tight.latency_s * shares::kAboutAsFast;
  }

  // Only what the file of cuts keeps together can be in the way.
  [[noreturn]] void no_segments() const {
    const int layer = search_.clash();
    if (layer < 0)
      throw Error(Exit::kInternal, cut_.net.name + ": no segments");
    const bool loop = cut_.is_inner(layer);
    throw Error(Exit::kUsage,
                "cuts " + cut_.cuts.strategy + ": a segment must end behind " +
                    layer_text(cut_.net.layers[layer]) +
                    ", where the cut changes, but its block " +
                    (loop ? "has groups" : "is joined"),
                loop ? "groups = 1" : "joined = false");
  }

  const PlanRequest& request_;
  const Cluster& cluster_;
  const Cuts cuts_;
  const CutNet cut_;
  const Streaming streaming_;
  const CostModel model_;
  const SegmentSearch search_;
  std::vector<int64_t> limits_;
};

}  // namespace

std::unique_ptr<Search> linked_search(const Net& net,
                                      const PlanRequest& request, Cuts cuts) {
  return std::make_unique<LinkedSearch>(net, request, std::move(cuts));
}

}  // namespace shoal
