#include <algorithm>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "host/base/error.h"
#include "host/plan/build/build_plan.h"
#include "host/plan/cost/link_time.h"
#include "host/plan/cost/rehearsal.h"
#include "host/plan/draft/linked_draft.h"
#include "host/plan/draft/tile_net.h"
#include "host/plan/search/linked_parts.h"
#include "host/plan/search/search.h"
#include "host/plan/search/segment_cost.h"
#include "host/plan/search/segment_search.h"
#include "host/plan/search/stage_ends.h"
#include "host/plan/search/stage_slacks.h"
#include "host/plan/search/streaming.h"
#include "host/plan/text/does_not_fit.h"
#include "host/plan/types/deadline.h"
#include "host/plan/types/tuning.h"

namespace shoal {
namespace {

class LinkedSearch : public Search {
 public:
  LinkedSearch(std::unique_ptr<const CutOver> over, const PlanRequest& request,
               const SearchOptions& options, SegmentMemo* memo)
      : request_(request),
        cluster_(request.cluster),
        over_(std::move(over)),
        cuts_(over_->cuts),
        cut_(over_->cut),
        streaming_(over_->streaming),
        any_streams_(streaming_.any()),
        own_memo_(may_share(memo) ? nullptr
                                  : std::make_unique<SegmentMemo>(cut_.net)),
        costs_(own_memo_ ? *own_memo_ : *memo),
        built_(memo ? *memo : *own_memo_),
        model_(cut_, cluster_, streaming_, request.max_payload, options.flash,
               options.time, costs_),
        search_(cut_.net, {.waits_ps = waits_ps(options.waits),
                           .byte_ps = options.byte_ps,
                           .overlays = options.overlays && !any_streams_,
                           .whole = any_streams_,
                           .learns = options.overlays}),
        in_flight_(
            options.in_flight_room
                ? in_flight_bytes(cluster_, model_.busy(), request.max_payload)
                : 0),
        learns_(options.overlays),
        roomy_(options.roomy),
        rungs_(options.rungs) {
    search_.add(cut_, model_, {});
    add_groups(cuts_, false, options);
    if (options.halos) {
      Cuts sending = cuts_;
      if (send_halos(cut_.net, sending)) {
        add_alternative(sending, {.halos = true}, options);
        add_groups(sending, true, options);
      }
    }
    for (const ClusterNode& node : cluster_.nodes) {
      limits_.push_back(node.plan_budget());
    }
  }

  std::optional<Plan> fastest() override {
    std::optional<Plan> plan = fastest_built();
    if (plan) over_->restore(*plan);
    return plan;
  }

  OrMisfit<Plan> smallest() override {
    OrMisfit<Plan> plan = smallest_built();
    if (plan) over_->restore(*plan);
    return plan;
  }

  std::optional<Plan> loosened_smallest() override {
    if (!filled_) return std::nullopt;
    BuildOptions how;
    how.tighten = filled_->tighten;
    how.budgets = limits_;
    Plan plan = loosened(filled_->choice, how, filled_->plan).plan;
    over_->restore(plan);
    return plan;
  }

  void compare_with(double s) override { other_s_ = is_alone() ? other_s_ : s; }

  int64_t least_arena(int64_t most) override {
    return search_.smallest(most).value_or(0);
  }

  // With unequal budgets the plan with the smallest arena may not be the one
  // that fits best.
  std::optional<Plan> otherwise(std::string&) override {
    if (request_.objective == Objective::kLatency) return std::nullopt;
    return fastest();
  }

  std::optional<Estimate> estimate() const override {
    Estimate about;
    if (request_.objective == Objective::kLatency) {
      const auto cuts = search_.fastest(within(100, 100));
      for (const StageCut& c : cuts.value_or(Partition{})) {
        about.time_ps += c.time_ps;
      }
      if (cuts) return about;
    }
    const std::optional<int64_t> least = search_.smallest();
    if (!least) return std::nullopt;
    about.bytes = *least + model_.fixed_bytes();
    return about;
  }

 private:
  std::optional<Plan> fastest_built() {
    BuildOptions how;
    if (request_.objective == Objective::kLatency) how.budgets = limits_;
    how.must_fit = !how.budgets.empty();
    std::vector<Partition> seen;
    if (learns_) {
      if (const std::optional<Built> found = learnt(how)) {
        return fastest_rung(how, loosened(found->choice, how, found->plan),
                            seen);
      }
    }
    // A built plan may exceed the estimate, so that at last bands of one row
    // have less than the budget, too.
    std::vector<tuning::Pair> budgets;
    for (const int bands : tuning::kBands) budgets.push_back({100, bands});
    for (const int all : tuning::kBands) budgets.push_back({all, 0});
    for (const auto& [hard, soft] : budgets) {
      const std::optional<Chosen> choice = next(within(hard, soft), seen);
      if (!choice) continue;
      std::optional<Plan> made = build(*choice, how);
      if (!made || !fits(cluster_, *made)) continue;
      return fastest_rung(how, loosened(*choice, how, *made), seen);
    }
    return std::nullopt;
  }

  OrMisfit<Plan> smallest_built() {
    filled_.reset();
    const bool ram = request_.objective == Objective::kRam;
    std::optional<Built> best = least_built();
    if (!best) return no_segments();
    if (ram || !fits(cluster_, best->plan)) return std::move(best->plan);
    BuildOptions how;
    how.tighten = best->tighten;
    how.budgets = limits_;
    std::optional<Plan> filled = build(best->choice, how);
    if (!filled || !fits(cluster_, *filled)) return std::move(best->plan);
    filled_ = {std::move(best->choice), *filled, best->tighten};
    return *std::move(filled);
  }

  struct Built {
    Chosen choice;
    Plan plan;
    bool tighten = false;
  };

  // Starts from the smallest estimate. None if the net cannot be cut into
  // segments or the deadline has passed.
  std::optional<Built> least_built() {
    std::optional<Built> best;
    const auto consider = [&best](Chosen choice, std::optional<Plan> made) {
      if (!made ||
          (best && largest_arena(*made) >= largest_arena(best->plan))) {
        return;
      }
      best = Built{std::move(choice), std::move(*made)};
    };
    std::optional<int64_t> least = search_.smallest();
    for (int round = 0; learns_ && least && round < tuning::kLearningRounds;
         ++round) {
      const std::optional<Partition> cuts = search_.fastest(each(*least, 0));
      if (!cuts) break;
      const Chosen choice = chosen(*cuts);
      const std::optional<Plan> made = build(choice, {});
      consider(choice, made);
      if (!made || !learn(*cuts, *made)) break;
      least = search_.smallest();
    }
    std::vector<Partition> seen;
    BuildOptions how;
    for (const auto& [hard, soft] : tuning::kSmallest) {
      if (!least) break;
      const int64_t bytes = tuning::percent_of(hard, *least);
      const std::optional<Chosen> choice =
          next(each(bytes, tuning::percent_of(soft, bytes)), seen);
      if (!choice) continue;
      consider(*choice, build(*choice, how));
    }
    if (best && model_.busy_nodes() <= tuning::kManyNodes) {
      how.tighten = true;
      std::optional<Plan> tight = build(best->choice, how);
      if (tight && largest_arena(*tight) < largest_arena(best->plan)) {
        best->plan = std::move(*tight);
        best->tighten = how.tighten;
      }
    }
    return best;
  }

  // Estimates leave bytes out, more for some segments than for others. The
  // search learns which were built larger, then charges what packing lacked to
  // segments that exceed the budget, or to all: a smaller budget for all costs
  // time.
  std::optional<Built> learnt(const BuildOptions& how) {
    std::optional<Built> found = learnt(how, true);
    return found ? std::move(found) : learnt(how, false);
  }

  std::optional<Built> learnt(const BuildOptions& how, bool apart) {
    NodeBudgets budget = within(100, 100);
    for (int round = 0; round < tuning::kLearningRounds; ++round) {
      const std::optional<Partition> cuts = search_.fastest(budget);
      if (!cuts) return std::nullopt;
      const Chosen choice = chosen(*cuts);
      // No budget is given, because building would spend what it leaves, which
      // says nothing about segments.
      std::optional<Plan> made = build(choice, {});
      if (!made) return std::nullopt;
      if (fits(cluster_, *made)) {
        BuildOptions whole = how;
        whole.must_fit = false;
        made = build(choice, whole);
        return Built{choice, std::move(*made)};
      }
      if (learn(*cuts, *made)) continue;
      if (apart) {
        add_lacks(*cuts, *made, limits_, budget);
        continue;
      }
      for (size_t n = 0; n < limits_.size(); ++n) {
        const int64_t more = made->nodes[n].arena_bytes - limits_[n];
        if (more > 0) budget.hard[n] -= more, budget.soft[n] -= more;
      }
    }
    return std::nullopt;
  }

  // Returns the same limits for each node.
  NodeBudgets each(int64_t hard, int64_t soft) const {
    const size_t nodes = limits_.size();
    return {std::vector(nodes, hard), std::vector(nodes, soft)};
  }
  // Returns percentages of what each node has left for segments.
  NodeBudgets within(int hard, int soft) const {
    NodeBudgets budget;
    for (size_t n = 0; n < limits_.size(); ++n) {
      const bool mapped = cluster_.nodes[n].board.flash_mapped;
      const int64_t fixed =
          model_.fixed_bytes() + (mapped ? 0 : kHeadAndRecord);
      const int64_t room = std::max<int64_t>(0, limits_[n] - fixed);
      budget.hard.push_back(tuning::percent_of(hard, room));
      budget.soft.push_back(tuning::percent_of(soft, room));
    }
    return budget;
  }

  // Tells the search how many bytes the segments of this plan hold beyond their
  // estimates; returns false if it knew that.
  bool learn(const Partition& cuts, const Plan& plan) {
    std::vector<int64_t> held(cuts.size());
    for (const PlanNode& node : plan.nodes) {
      for (size_t s = 0; s < node.stages.size(); ++s) {
        int64_t& most = held[node.stages[s].segment];
        most = std::max(most, held_bytes(node, static_cast<int>(s)));
      }
    }
    bool any = false;
    for (size_t s = 0; s < cuts.size(); ++s) {
      const int64_t more = held[s] - cuts[s].bytes;
      if (more <= 0) continue;
      search_.add_bytes(cuts[s], more);
      any = true;
    }
    return any;
  }

  // Costs can be shared only if they depend on nothing but the cuts.
  bool may_share(const SegmentMemo* memo) const {
    return memo && !any_streams_ && cuts_.joined.empty();
  }

  void add_groups(const Cuts& given, bool halos, const SearchOptions& options) {
    for (const int channels : options.groups) {
      if (any_streams_) break;  // tapes do not support loops
      Cuts cuts = given;
      for (BlockChoice& block : group_blocks(cut_, channels)) {
        cuts.blocks.push_back(block);
      }
      if (cuts.blocks.size() == given.blocks.size()) continue;
      add_alternative(std::move(cuts), {true, halos}, options);
    }
  }

  void add_alternative(Cuts cuts, MustHave must, const SearchOptions& options) {
    alternatives_.push_back(std::make_unique<Alternative>(
        cut_.net, cluster_, std::move(cuts), streaming_, request_.max_payload,
        options, costs_));
    search_.add(alternatives_.back()->cut, alternatives_.back()->model, must);
  }

  bool is_alone() const { return model_.busy_nodes() <= 1; }
  int64_t waits_ps(int waits) const {
    return is_alone() ? 0 : waits * segment_latency_ps(cluster_, model_.busy());
  }

  struct Loosened {
    Plan plan;
    bool all = false;  // no more rows can be of use
  };

  // Returns whether smaller budgets for bands may leave room for more spare
  // rows.
  bool has_rungs(const Loosened& first) const {
    return rungs_ && !first.all && request_.objective == Objective::kLatency &&
           request_.byte_s == 0 && !any_streams_ && (!learns_ || is_alone()) &&
           model_.busy_nodes() <= tuning::kManyNodes;
  }

  // Returns the latency of the plan; above `most`, only a lower bound of it.
  Nanos rehearsed(Plan plan, Nanos most) const {
    set_slices(cut_.net, cluster_, plan);
    return built_.rehearsals()
        .rehearse(cut_.net, streaming_.supplies(), request_.max_payload, plan,
                  0, most)
        .latency;
  }

  Plan fastest_rung(const BuildOptions& how, Loosened first,
                    std::vector<Partition>& seen) const {
    if (!has_rungs(first)) return std::move(first.plan);
    const auto most = static_cast<Nanos>(other_s_ * tuning::kFarOff * 1e9);
    Plan best = std::move(first.plan);
    Nanos least = rehearsed(best, most);
    if (least > most) return best;
    const auto room = static_cast<double>(*std::ranges::max_element(limits_));
    double rung = 1 << 24;
    while (rung >= room) rung *= tuning::kRung;
    // A node alone tries all of them, because its plans cost almost nothing.
    int left = tuning::kRungs;
    for (; is_alone() || left > 0; --left, rung *= tuning::kRung) {
      NodeBudgets budget = within(100, 100);
      const int64_t bands = static_cast<int64_t>(rung) - model_.fixed_bytes();
      for (int64_t& b : budget.soft) b = std::min(b, bands);
      if (is_alone()) budget.hard = budget.soft;
      const std::optional<Partition> cuts = search_.fastest(budget);
      if (!cuts) break;
      if (std::ranges::find(seen, *cuts) != seen.end()) continue;
      seen.push_back(*cuts);
      int64_t ps = 0;
      for (const StageCut& c : *cuts) ps += c.time_ps;
      if (static_cast<double>(ps) >= other_s_ * 1e12 || ps / 1000 >= least) {
        break;
      }
      const Chosen choice = chosen(*cuts);
      const std::optional<Plan> made = build(choice, how);
      if (!made || !fits(cluster_, *made)) continue;
      Loosened next = loosened(choice, how, *made);
      const Nanos takes = rehearsed(next.plan, least);
      if (takes < least) least = takes, best = std::move(next.plan);
      if (next.all) break;
    }
    return best;
  }

  Loosened loosened(const Chosen& choice, BuildOptions how,
                    const Plan& made) const {
    const bool many = model_.busy_nodes() > tuning::kManyNodes;
    if (roomy_ && !many) {
      std::optional<Plan> loose = loosened_each(choice, how);
      if (loose && has_all_gaps(*loose)) {
        return {std::move(*loose), true};
      }
    }
    const std::vector<Slack> all = slacks(in_flight_, many);
    for (const Slack& slack : all) {
      how.slack = [&](size_t, size_t) { return slack; };
      std::optional<Plan> loose = build(choice, how);
      if (loose && fits(cluster_, *loose) && has_all_gaps(*loose)) {
        return {std::move(*loose), &slack == &all.front()};
      }
      if (&slack != &all.front() || !rungs_ || many || any_streams_) continue;
      std::optional<Plan> some = loosened_stages(choice, how, slack, made);
      if (some) return {*std::move(some)};
    }
    return {made};
  }

  std::optional<Plan> loosened_stages(const Chosen& choice, BuildOptions how,
                                      const Slack& most,
                                      const Plan& made) const {
    StageSlacks slacks(most, made, limits_);
    how.slack = [&](size_t n, size_t s) { return slacks.of(n, s); };
    std::optional<Plan> plan;
    do {
      plan = build(choice, {.slack = how.slack});
    } while (plan && slacks.lower(*plan));
    plan = build(choice, how);
    if (plan && !slacks.fits(*plan)) return std::nullopt;
    return plan;
  }

  // Enlarges each node's rings as far as its budget allows.
  std::optional<Plan> loosened_each(const Chosen& choice,
                                    BuildOptions how) const {
    how.must_fit = false;
    std::vector<Slack> all = slacks(in_flight_);
    all.insert(all.begin(), {Slack::kMostRows});
    std::vector<std::optional<Slack>> found(cluster_.nodes.size());
    for (const Slack& slack : all) {
      how.slack = [&](size_t, size_t) { return slack; };
      const std::optional<Plan> plan = build(choice, how);
      if (!plan) return std::nullopt;
      for (size_t n = 0; n < found.size(); ++n) {
        const bool fits = plan->nodes[n].arena_bytes <= limits_[n];
        if (!found[n] && fits) found[n] = slack;
      }
      if (std::ranges::all_of(found, &std::optional<Slack>::has_value)) break;
    }
    how.slack = [&](size_t n, size_t) { return found[n].value_or(Slack{}); };
    std::optional<Plan> plan = build(choice, how);
    if (plan && !fits(cluster_, *plan)) return std::nullopt;
    return plan;
  }

  std::optional<PlanDraft> draft(const Chosen& choice) const {
    if (choice.groups.empty() && choice.halos.empty()) {
      return linked_draft(cut_, choice.segments);
    }
    Cuts cuts = cuts_;
    for (const int l : choice.halos) cuts.layers[l].sends_halo = true;
    cuts.blocks.insert(cuts.blocks.end(), choice.groups.begin(),
                       choice.groups.end());
    return linked_draft({cut_.net, cluster_, cuts}, choice.segments);
  }

  std::optional<Plan> build(const Chosen& choice, BuildOptions how) const {
    std::optional<PlanDraft> draft = this->draft(choice);
    if (!draft) return std::nullopt;
    streaming_.place(*draft);
    how.rings = &built_.rings();
    how.packs = &built_.packs();
    for (const ClusterNode& n : cluster_.nodes) {
      how.keeps.push_back(n.keeps_weights);
      how.banks.push_back(n.kept_banks());
    }
    Plan plan =
        build_plan(cut_.net, std::move(*draft), streaming_.supplies(), how);
    if (std::optional<Misfit> many = too_many_firings(cut_.net, plan)) {
      cannot_build_ = std::move(many);
      return std::nullopt;
    }
    return plan;
  }

  // Returns the next choice; none if there is no partition, or only one that
  // was seen before.
  std::optional<Chosen> next(const NodeBudgets& budget,
                             std::vector<Partition>& seen) const {
    const std::optional<Partition> cuts = search_.fastest(budget);
    if (!cuts || std::ranges::find(seen, *cuts) != seen.end()) return {};
    seen.push_back(*cuts);
    return chosen(*cuts);
  }

  Chosen chosen(const Partition& cuts) const {
    Chosen choice;
    for (const StageCut& c : cuts) {
      choice.segments.segments.push_back(c.segment);
      choice.segments.passes.push_back(model_.passes()[c.table]);
      choice.segments.overlaid.push_back(c.overlay);
      if (c.variant == 0) continue;
      const Cuts& cuts = alternatives_[c.variant - 1]->cuts;
      for (int l = c.segment.begin; l + 1 < c.segment.end; ++l) {
        if (cuts.layers[l].sends_halo) choice.halos.push_back(l);
      }
      const std::vector<BlockChoice>& blocks = cuts.blocks;
      // The request's own blocks come first and are in the cuts.
      for (size_t i = cuts_.blocks.size(); i < blocks.size(); ++i) {
        const BlockChoice& b = blocks[i];
        if (b.begin < c.segment.begin || b.end > c.segment.end) continue;
        if (b.groups > 1) choice.groups.push_back(b);
      }
    }
    return choice;
  }

  // Besides the deadline, only layers that the cuts join can rule out every
  // partition.
  Misfit no_segments() const {
    if (PlanDeadline::passed()) return PlanDeadline::no_plan();
    if (cannot_build_) return *cannot_build_;
    const int layer = search_.clash();
    if (layer < 0) {
      throw Error(Exit::kInternal, cut_.net.name + ": no segments");
    }
    return must_end_behind(cut_, layer);
  }

  const PlanRequest& request_;
  const Cluster& cluster_;
  const std::unique_ptr<const CutOver> over_;
  const Cuts& cuts_;
  const CutNet& cut_;
  const Streaming& streaming_;
  const bool any_streams_;
  const std::unique_ptr<SegmentMemo> own_memo_;
  SegmentMemo& costs_;  // what is remembered of segments
  SegmentMemo& built_;  // and of plans
  const CostModel model_;
  SegmentSearch search_;
  std::vector<std::unique_ptr<Alternative>> alternatives_;
  std::vector<int64_t> limits_;
  const int64_t in_flight_;  // bytes
  const bool learns_, roomy_, rungs_;
  mutable std::optional<Misfit> cannot_build_;
  std::optional<Built> filled_;  // what loosened_smallest() begins with
  double other_s_ = 1e6;         // seconds; longer than any plan takes
};

}  // namespace

SearchOrMisfit linked_search(const Net& net, const PlanRequest& request,
                             Cuts cuts, const SearchOptions& options,
                             SegmentMemo* memo) {
  std::unique_ptr<const TileNet> tiles;
  if (!cuts.tiles.empty()) {
    OrMisfit<std::vector<TileRun>> runs = tile_runs(net, cuts, request.replay);
    if (!runs) return runs.misfit();
    tiles = std::make_unique<const TileNet>(net, find_uses(net), *runs);
    cuts = tile_cuts(net, *tiles, cuts);
    if (memo) memo = &memo->in_tiles(*tiles, *runs);
  }
  const Net& planned = tiles ? tiles->net() : net;
  auto over = std::make_unique<const CutOver>(
      planned, request.cluster, std::move(cuts), std::move(tiles));
  if (over->cut.misfit) return *over->cut.misfit;
  if (over->streaming.misfit()) return *over->streaming.misfit();
  if (std::optional<Misfit> many = too_many_firings(over->cut)) return *many;
  return SearchOrMisfit(
      std::make_unique<LinkedSearch>(std::move(over), request, options, memo));
}

}  // namespace shoal
