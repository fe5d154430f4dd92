#include "host/plan/planner/auto_plan.h"

#include <fmt/format.h>

#include <algorithm>
#include <exception>
#include <functional>
#include <iterator>
#include <numeric>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "host/base/error.h"
#include "host/plan/cuts/cuts.h"
#include "host/plan/draft/cut_net.h"
#include "host/plan/planner/mixed_cuts.h"
#include "host/plan/planner/trials.h"
#include "host/plan/text/does_not_fit.h"
#include "host/plan/types/plan_segments.h"

namespace shoal {
namespace {

// Nodes whose rating is that much lower are another class.
constexpr double kClass = 1.3;
constexpr size_t kMostClasses = 4;
// Plans that are built, by what one costs: shares of layers.
constexpr int64_t kShares = 28'000;
constexpr int kMostPlans = 34, kFewestPlans = 10;
// What is so many times worse than the best mixture by estimate is not built:
// estimates are nearer than that.
constexpr double kHopeless = 1.6;
// Plans of fewer nodes that begin so far from the best are not improved.
constexpr double kFarOff = 1.2;
// Channels of a group, where groups save memory: for the smallest arena, and
// where a budget leaves little.
constexpr int kSmallGroups[] = {32, 16, 8};
constexpr int kFastGroups[] = {64, 32};
constexpr double kTight = 0.8;

// For nodes without a share: clocks and links that are tried, in clusters of no
// more nodes.
constexpr double kFasterClocks[] = {1.25, 1.5, 2, 3, 4, 6, 8, 12, 16};
constexpr double kFasterLinks[] = {2, 4, 16, 64, 256};
constexpr size_t kMostAsked = 16;

// Where to begin: nobody knows before segments are built what an exchange
// takes, and how often a layer's weights are read.
struct Start {
  CutWeights weights;
  int waits;
};
constexpr Start kStarts[] = {{{3, 3, 25}, 5},
                             {{1, 3, 25}, 3},
                             {{3, 3, 100}, 5},
                             {{1, 5, 100}, 1},
                             {{1, 5, 100}, 5}};
constexpr Start kSmallStarts[] = {{{1, 3, 100}, 1}, {{1, 5, 25}, 1}};
constexpr Start kLargeStarts[] = {{{3, 5, 100}, 1}, {{3, 12, 100}, 1}};
// Of so many nodes most of the time goes to datagrams and waiting.
constexpr size_t kLargeCluster = 24;

// The best plan that only these nodes take part in.
class CrewPlan {
 public:
  // `crew`: strongest first.
  CrewPlan(const Net& net, const PlanRequest& request, std::vector<int> crew)
      : net_(net),
        request_(request),
        crew_(std::move(crew)),
        trials_(net, request) {
    const auto each = static_cast<int64_t>(net.layers.size() * crew_.size());
    most_plans_ = static_cast<int>(std::clamp<int64_t>(
        kShares / std::max<int64_t>(1, each), kFewestPlans, kMostPlans));
  }

  const Trials& trials() const { return trials_; }
  // What mixed cuts take.
  int64_t estimate_ps() const {
    const MixedCuts mixed({net_, request_, crew_, kStarts[0].weights});
    return mixed.best().time_ps;
  }

  // Only what is likely, of what begin() tries.
  void begin_briefly() {
    trials_.run({"spatial", named_cuts("spatial")});
    if (crew_.size() < 2) return;
    if (!is_latency()) return start(kSmallStarts[0]);
    start(crew_.size() >= kLargeCluster ? kLargeStarts[0] : kStarts[0]);
  }

  void begin() {
    trials_.run({"spatial", named_cuts("spatial")});
    if (crew_.size() > 1) {
      if (!is_latency()) {
        start(kSmallStarts[0]);
        const bool all = crew_.size() == request_.cluster.nodes.size();
        if (all) start(kSmallStarts[1]);
      } else if (crew_.size() >= kLargeCluster) {
        for (const Start& s : kLargeStarts) start(s);
      } else {
        for (const Start& s : kStarts) start(s);
      }
    }
    try_groups({"spatial", named_cuts("spatial")});
    for (const char* name : {"kernel", "layer"}) {
      Cuts cuts = named_cuts(name);
      if (is_hopeless(cuts)) {
        hopeless_.push_back(name);
      } else {
        trials_.run({name, std::move(cuts)});
      }
    }
  }

  // Strategies that begin() has left out by estimate.
  const std::vector<std::string>& hopeless() const { return hopeless_; }
  void run(const std::string& strategy) {
    trials_.run({strategy, named_cuts(strategy.c_str())});
  }

  // Other cuts for one segment of the best plan after the other, as long as
  // that helps.
  void improve() {
    if (!mixed_ || !trials_.any() || !is_latency()) return;
    for (bool better = true; better;) {
      better = false;
      std::vector<Segment> runs;
      for (const SegmentSummary& s : summarize_segments(trials_.best())) {
        if (s.cuts.empty()) continue;
        runs.push_back(
            {s.cuts.front().first_layer, s.cuts.back().last_layer + 1});
      }
      const MixedPath base = mixed_->path_of(trials_.taken().cuts);
      for (const MixedPath& path : mixed_->beside(base, runs)) {
        if (trials_.count() >= most_plans_) return;
        Trial trial{"mixed", mixed_->cuts_of(path), trials_.taken().waits};
        add_groups(trials_.taken().group_channels, trial);
        better = trials_.run(std::move(trial));
        if (better) break;
      }
    }
  }

 private:
  bool is_latency() const { return request_.objective == Objective::kLatency; }

  void start(const Start& start) {
    MixedCuts mixed({net_, request_, crew_, start.weights});
    const Trial trial{"mixed", mixed.cuts_of(mixed.best()), start.waits};
    bool better = trials_.run(trial);
    better |= try_groups(trial);
    if (better || !mixed_) mixed_.emplace(std::move(mixed));
  }

  // Whether there would be more room for higher bands.
  bool is_tight() const {
    if (!trials_.any()) return true;
    const Plan& plan = trials_.best();
    for (size_t n = 0; n < plan.nodes.size(); ++n) {
      const auto budget =
          static_cast<double>(request_.cluster.nodes[n].plan_budget());
      if (plan.nodes[n].arena_bytes > kTight * budget) return true;
    }
    return false;
  }

  bool try_groups(const Trial& trial) {
    if (is_latency() && !is_tight()) return false;
    bool better = false;
    const auto run = [&](int channels) {
      Trial grouped = trial;
      add_groups(channels, grouped);
      if (grouped.group_channels) better |= trials_.run(std::move(grouped));
    };
    if (is_latency()) {
      for (const int channels : kFastGroups) run(channels);
    } else {
      const bool all = crew_.size() == request_.cluster.nodes.size();
      for (const int channels : kSmallGroups) {
        if (all || channels == kSmallGroups[1]) run(channels);
      }
    }
    return better;
  }

  // Expansions and projections in groups of channels, wherever they may be.
  void add_groups(int channels, Trial& trial) const {
    if (channels == 0) return;
    const CutNet cut(net_, request_.cluster, trial.cuts);
    const auto layers = static_cast<int>(net_.layers.size());
    for (int l = 0; l < layers; ++l) {
      const int end = loop_end(cut, l, layers);
      const int groups = net_.layers[l].out.box.channels() / channels;
      if (end < 0 || groups < 2) continue;
      trial.cuts.blocks.push_back({l, end, std::nullopt, groups});
      trial.group_channels = channels;
      l = end - 1;
    }
  }

  bool is_hopeless(const Cuts& cuts) {
    if (!mixed_ || !is_latency() || !trials_.any()) return false;
    const MixedPath path = mixed_->path_of(cuts);
    return static_cast<double>(path.time_ps) >
           kHopeless * static_cast<double>(mixed_->best().time_ps);
  }

  Cuts named_cuts(const char* strategy) const {
    return make_cuts_over(net_, request_.cluster, crew_,
                          {.strategy = strategy});
  }

  const Net& net_;
  const PlanRequest& request_;
  const std::vector<int> crew_;
  int most_plans_ = 0;
  Trials trials_;
  std::optional<MixedCuts> mixed_;  // of the best start
  std::vector<std::string> hopeless_;
};

class AutoPlan {
 public:
  AutoPlan(const Net& net, const PlanRequest& request)
      : net_(net), request_(request), order_(request.cluster.nodes.size()) {
    std::iota(order_.begin(), order_.end(), 0);
    const auto& nodes = request.cluster.nodes;
    std::stable_sort(order_.begin(), order_.end(), [&](int a, int b) {
      return nodes[a].rating > nodes[b].rating;
    });
  }

  Plan find_briefly() const {
    CrewPlan crew(net_, request_, order_);
    crew.begin_briefly();
    if (!crew.trials().any()) std::rethrow_exception(crew.trials().refused());
    Plan plan = crew.trials().best();
    plan.strategy = "auto (" + crew.trials().taken().name + ")";
    return plan;
  }

  Plan find() {
    try_crew(order_.size());
    if (best_) on_all_ = best_->trials().on_all();
    if (!on_all_) leave_out_small();
    const size_t all = order_.size();
    for (const size_t count : classes()) try_crew(count);
    for (size_t count = all / 2; count > 0; count /= 2) try_crew(count);
    if (!best_) return smallest();
    try_hopeless();
    Plan plan = best_->trials().best();
    plan.strategy = "auto (" + best_->trials().taken().name;
    if (busy_nodes(plan) < std::ssize(plan.nodes)) {
      plan.strategy += fmt::format(" on {} of {} nodes", busy_nodes(plan),
                                   plan.nodes.size());
      if (request_.reasons) plan.strategy += why_some() + what_else(plan);
    }
    plan.strategy += ")";
    return plan;
  }

 private:
  bool is_latency() const { return request_.objective == Objective::kLatency; }

  // Where no plan in which all nodes have a share fits, those with least memory
  // go, until one does; they have no share in what is tried after that.
  void leave_out_small() {
    const std::vector<int> all = order_;
    const auto bytes = [&](int n) {
      return request_.cluster.nodes[n].plan_budget();
    };
    for (size_t i = 0; i < kMostClasses; ++i) {
      const int64_t least = bytes(*std::ranges::min_element(order_, {}, bytes));
      std::erase_if(order_, [&](int n) { return bytes(n) < 2 * least; });
      if (order_.empty()) break;
      const bool better = try_crew(order_.size());
      if (better && busy_nodes(best_->trials().best()) == std::ssize(order_)) {
        return;
      }
    }
    order_ = all;
  }

  // How many nodes there are before each class of slower ones, most first.
  std::vector<size_t> classes() const {
    const auto& nodes = request_.cluster.nodes;
    std::vector<size_t> ends;
    for (size_t k = order_.size(); k-- > 1;) {
      const double slower = nodes[order_[k]].rating;
      if (nodes[order_[k - 1]].rating >= kClass * slower) ends.push_back(k);
    }
    ends.resize(std::min(ends.size(), kMostClasses));
    return ends;
  }

  // What fits at all is likeliest to be the smallest.
  Plan smallest() const {
    if (is_latency()) {
      PlanRequest request = request_;
      request.objective = Objective::kRam;
      try {
        return AutoPlan(net_, request).find();
      } catch (const Error& e) {
        if (e.code() == Exit::kInternal) throw;
      }
    }
    std::rethrow_exception(refused_);
  }

  bool is_hopeless(int64_t ps) {
    if (best_ &&
        static_cast<double>(ps) > kHopeless * static_cast<double>(least_ps_)) {
      return true;
    }
    least_ps_ = best_ ? std::min(least_ps_, ps) : ps;
    return false;
  }

  // The first `count` nodes of the order; true if that is better than anything
  // before. Of plans that are as good the one with more nodes stays.
  bool try_crew(size_t count) {
    CrewPlan crew(
        net_, request_,
        {order_.begin(), order_.begin() + static_cast<std::ptrdiff_t>(count)});
    if (is_latency() && is_hopeless(crew.estimate_ps())) return false;
    crew.begin();
    if (count == request_.cluster.nodes.size()) hopeless_ = crew.hopeless();
    if (!crew.trials().any()) {
      refused_ = lesser_refusal(refused_, crew.trials().refused());
      return false;
    }
    const double least = best_ ? best_->trials().measure() : 0;
    if (best_ && crew.trials().measure() > kFarOff * least) return false;
    crew.improve();
    if (best_ && crew.trials().measure() >= least) return false;
    best_.emplace(std::move(crew));
    return true;
  }

  // Over all nodes, where the estimate was wrong: who names a strategy shall
  // not get a better plan.
  void try_hopeless() {
    if (order_.size() != request_.cluster.nodes.size()) return;
    for (const std::string& strategy : hopeless_) {
      CrewPlan crew(net_, request_, order_);
      crew.run(strategy);
      const Trials& trials = crew.trials();
      if (!trials.any()) continue;
      if (trials.measure() < best_->trials().measure()) {
        best_.emplace(std::move(crew));
      }
    }
  }

  // Why not on all nodes; no number: on all of them it does not fit.
  std::string why_some() const {
    const Trials& trials = best_->trials();
    return fmt::format(": {}; on all {}", trials.measured(),
                       on_all_ ? trials.text(*on_all_) : "it does not fit");
  }

  // Of factors that rise the first that helps, as every larger one does; none
  // if the largest does not.
  static const double* least_that(std::span<const double> factors,
                                  const std::function<bool(double)>& helps) {
    if (!helps(factors.back())) return nullptr;
    return &*std::partition_point(factors.begin(), factors.end() - 1,
                                  [&](double f) { return !helps(f); });
  }

  // What those without a share would have to offer, found by trying.
  std::string what_else(const Plan& plan) const {
    // Speed is not what is missing where a plan for all does not fit.
    if (!is_latency() || !on_all_ || order_.size() > kMostAsked) return "";
    const auto clocks = [&](double f) { return would_help(plan, f, 1); };
    if (const double* f = least_that(kFasterClocks, clocks)) {
      return fmt::format("; the others would need clocks {} times as fast", *f);
    }
    const auto links = [&](double f) { return would_help(plan, 1, f); };
    if (const double* f = least_that(kFasterLinks, links)) {
      return fmt::format("; the others would need links {} times as fast", *f);
    }
    return fmt::format(
        "; the others would not help with clocks {} or links {} times as fast",
        std::end(kFasterClocks)[-1], std::end(kFasterLinks)[-1]);
  }

  // Whether more nodes than in the best plan would have a share of a better
  // one.
  bool would_help(const Plan& plan, double clock, double link) const {
    PlanRequest request = request_;
    for (size_t n = 0; n < plan.nodes.size(); ++n) {
      if (!plan.nodes[n].stages.empty()) continue;
      ClusterNode& node = request.cluster.nodes[n];
      node.board.clock_hz *= clock;
      node.rating *= clock;
      node.board.link_bits_per_s *= link;
    }
    CrewPlan crew(net_, request, order_);
    crew.begin_briefly();
    const Trials& trials = crew.trials();
    return trials.any() && trials.measure() < best_->trials().measure() &&
           busy_nodes(trials.best()) > busy_nodes(plan);
  }

  const Net& net_;
  const PlanRequest& request_;
  std::vector<int> order_;  // fastest nodes first
  std::optional<CrewPlan> best_;
  int64_t least_ps_ = 0;  // of all estimates
  std::optional<double> on_all_;
  std::vector<std::string> hopeless_;  // of the crew of all nodes
  std::exception_ptr refused_;
};

}  // namespace

Plan auto_plan(const Net& net, const PlanRequest& request) {
  return AutoPlan(net, request).find();
}

Plan brief_auto_plan(const Net& net, const PlanRequest& request) {
  return AutoPlan(net, request).find_briefly();
}

}  // namespace shoal
