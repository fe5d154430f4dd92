#include "host/plan/planner/auto_plan.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <iterator>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "host/base/error.h"
#include "host/plan/cuts/cuts.h"
#include "host/plan/planner/bounds.h"
#include "host/plan/planner/crew_plan.h"
#include "host/plan/planner/idle_help.h"
#include "host/plan/planner/node_kinds.h"
#include "host/plan/planner/plan_numbers.h"
#include "host/plan/search/search.h"
#include "host/plan/search/segment_memo.h"
#include "host/plan/types/at_once.h"
#include "host/plan/types/deadline.h"
#include "host/plan/types/tuning.h"

namespace shoal {
namespace {

bool have_equal_ratings(const std::vector<ClusterNode>& nodes) {
  return std::ranges::all_of(nodes, [&](const ClusterNode& n) {
    return n.rating == nodes.front().rating;
  });
}

// Plans for the smallest arena. `least_refused`: the arena that a refusal
// elsewhere asks for.
OrMisfit<Plan> find_smallest(const Net&, const PlanRequest&, SegmentMemo*,
                             std::vector<CrewTrial>* tried,
                             double least_refused);

class AutoPlan {
 public:
  struct Given {
    SegmentMemo* memo = nullptr;              // of all nodes
    std::vector<CrewTrial>* tried = nullptr;  // see auto_plan()
    double least_refused = kFar;              // see find_smallest()
    // A request of whose nodes this one has the first ones. The plan is one of
    // that; a plan of the smallest arena is known. Null: this request.
    const PlanRequest* whole = nullptr;
  };
  AutoPlan(const Net& net, const PlanRequest& request, const Given& given)
      : net_(net),
        request_(request),
        order_(fastest_first(request.cluster)),
        memo_(given.memo),
        tried_(given.tried),
        whole_(given.whole),
        least_refused_(given.least_refused) {}

  OrMisfit<Plan> find_briefly() {
    const std::unique_ptr<CrewPlan> crew =
        crew_of(order_, request_.cluster.nodes.size());
    crew->begin_briefly();
    const Trials& trials = crew->trials();
    if (!trials.any()) return why_not(trials.refused());
    Plan plan = trials.best();
    plan.strategy = "auto (" + trials.taken().name + ")";
    return plan;
  }

  OrMisfit<Plan> find() {
    const size_t all = order_.size();
    try_crew(order_);
    if (best_) on_all_ = best_->trials().on_all();
    // With a price of traffic only all nodes are tried.
    if (best_ && request_.byte_s > 0 && all == request_.cluster.nodes.size()) {
      return named_at_last();
    }
    if (are_equal()) {
      begin_crews(fewer_equal(all));
      for (const size_t count : fewer_equal(all)) {
        try_crew(first_nodes(order_, count));
      }
    } else {
      try_fewer_unequal();
    }
    if (!best_) return smallest();
    try_hopeless();
    return named_at_last();
  }

  OrMisfit<Plan> find_of(std::vector<CrewTrial> trials) {
    for (CrewTrial& t : trials) {
      std::unique_ptr<CrewPlan> crew = crew_of(
          first_nodes(order_, std::min(t.nodes, order_.size())), t.nodes);
      if (best_) crew->compare_with(best_->trials().measure());
      crew->run(std::move(t.trial));
      take(std::move(crew));
    }
    if (!best_) return why_not(refused_);
    return named(false);
  }

 private:
  bool is_latency() const { return request_.objective == Objective::kLatency; }

  // Returns whether a plan over this number of nodes costs so little that all
  // of a crew's plans are tried, however badly they begin.
  bool is_cheap(size_t nodes) const {
    return plan_work(net_, nodes) <= tuning::kCheap;
  }

  // Returns whether it does not matter which nodes have no share.
  bool are_equal() const {
    return is_latency() ? are_alike(request_.cluster.nodes) : are_as_large();
  }

  // Returns whether all nodes get equal shares in the search for the smallest
  // arena and none has less than half of the largest budget.
  bool are_as_large() const {
    const auto& nodes = request_.cluster.nodes;
    const auto [least, most] =
        std::ranges::minmax(nodes, {}, &ClusterNode::plan_budget);
    return most.plan_budget() / 2 < least.plan_budget() &&
           have_equal_ratings(nodes) &&
           std::ranges::none_of(nodes, &ClusterNode::left_out);
  }

  // Returns numbers of nodes below `all`, the largest first. They do not depend
  // on `all`, so that what is found over some nodes is found over more.
  std::vector<size_t> fewer_equal(size_t all) const {
    const size_t each = request_.compared ? 0 : tuning::kManyNodes;
    std::vector<size_t> counts;
    for (size_t count = 1; count < all; count += count < each ? 1 : count) {
      counts.push_back(count);
    }
    std::ranges::reverse(counts);
    return counts;
  }

  // Tries crews without some nodes of all, and in turn without some of each
  // crew whose plan is the best so far.
  void try_fewer_unequal() {
    std::vector<std::vector<int>> from = {order_};
    std::set<std::vector<int>> tried = {order_};
    for (size_t i = 0; i < from.size(); ++i) {
      const bool each = is_cheap(from[i].size());
      auto crews = smaller_crews(net_, request_, from[i], each);
      if (i == 0 && each) {
        std::ranges::move(crews_of_first_nodes(from[i]),
                          std::back_inserter(crews));
      }
      for (std::vector<int>& crew : crews) {
        if (!tried.insert(crew).second || !try_crew(crew)) continue;
        from.push_back(std::move(crew));
      }
    }
  }

  static Misfit why_not(const std::optional<Misfit>& refused) {
    return refused ? *refused
                   : Misfit{Exit::kDoesNotFit, "no plan fits the nodes"};
  }

  // Plans for the smallest arena, which is likeliest to fit.
  OrMisfit<Plan> smallest() const {
    if (is_latency() && !whole_ && !PlanDeadline::passed()) {
      PlanRequest request = request_;
      request.objective = Objective::kRam;
      // Only the reason of the first search is reported, so refusals of this
      // one need no plan.
      OrMisfit<Plan> plan = find_smallest(net_, request, memo_, tried_, 0);
      if (plan && tried_) tried_->resize(1);
      if (plan) return plan;
    }
    return why_not(refused_);
  }

  // Returns whether the estimate of a crew is far beyond the least one.
  bool is_hopeless(int64_t ps) {
    if (best_ && static_cast<double>(ps) >
                     tuning::kHopeless * static_cast<double>(least_ps_)) {
      return true;
    }
    least_ps_ = best_ ? std::min(least_ps_, ps) : ps;
    return false;
  }

  // Returns whether a bound proves that the crew's plan cannot be the best one.
  bool is_ruled_out(const std::vector<int>& nodes) const {
    return best_ && is_latency() &&
           least_s(net_, request_, nodes) >=
               kRounding * best_->trials().measure();
  }

  // Makes a crew of these nodes, in a cluster of the first `of` nodes of the
  // request.
  std::unique_ptr<CrewPlan> crew_of(const std::vector<int>& nodes, size_t of) {
    PlanRequest request = request_;
    if (of < request.cluster.nodes.size()) {
      request.linked = true;
      request.cluster.nodes.resize(of);
    }
    const bool given = memo_ && of == request_.cluster.nodes.size();
    auto& memo = memos_[of];
    if (!given && !memo) memo = std::make_unique<SegmentMemo>(net_);
    auto crew = std::make_unique<CrewPlan>(net_, std::move(request), nodes,
                                           given ? *memo_ : *memo);
    const bool asks = refused_ && refused_->arena_bytes;
    crew->refused_with(
        std::min(least_refused_,
                 asks ? static_cast<double>(*refused_->arena_bytes) : kFar));
    return crew;
  }

  // Returns whether the plan of these nodes is the best so far. Of equally good
  // plans the one with more nodes stays.
  bool try_crew(const std::vector<int>& nodes) {
    // After the deadline the search ends with what it has.
    if ((best_ || refused_) && PlanDeadline::passed()) return false;
    if (is_ruled_out(nodes)) return false;
    const size_t count = nodes.size(), all = request_.cluster.nodes.size();
    const bool alone = count < all && are_equal();
    const bool cheap = alone && is_cheap(count);
    const auto begun = crews_.find(count);
    const bool is_begun = begun != crews_.end();
    std::unique_ptr<CrewPlan> crew = is_begun
                                         ? std::move(begun->second)
                                         : crew_of(nodes, alone ? count : all);
    if (!crew) return false;
    if (is_begun && cheap) return take(std::move(crew));
    // Estimates of a single node ignore that it waits for rows.
    if (!is_begun && !cheap && count > 1 && is_latency() &&
        is_hopeless(crew->estimate_ps())) {
      return false;
    }
    const Trials& trials = crew->trials();
    if (are_equal()) {
      if (!is_begun) {
        crew->begin_briefly(best_ ? best_->trials().measure() : kFar);
      }
      // Where almost nothing fits, only powers of two are tried.
      if (alone && !cheap && !trials.any() &&
          count > size_t{tuning::kSeveral} && !std::has_single_bit(count)) {
        return false;
      }
      least_start_ = std::min(least_start_, trials.nearest());
      if (alone && !cheap && !is_promising(trials.nearest())) {
        note(*crew, count);
        return false;
      }
    }
    crew->begin();
    if (count == all) hopeless_ = crew->hopeless();
    if (!trials.any()) {
      refused_ = lesser(refused_, trials.refused());
      return false;
    }
    least_begun_ = std::min(least_begun_, trials.measure());
    const bool far_off = is_behind(trials.measure(), least_begun_);
    if (far_off && !is_cheap(count)) {
      note(*crew, alone ? count : all);
      return false;
    }
    crew->improve();
    return take(std::move(crew));
  }

  // Begins crews of fewer equal nodes, except for one, several at once. With a
  // plan of all nodes it depends on estimates alone which crews are begun, and
  // on nothing which of those are improved whose plans cost little.
  void begin_crews(std::vector<size_t> counts) {
    if (!best_ || !is_latency()) return;
    std::erase(counts, size_t{1});
    std::vector<std::unique_ptr<CrewPlan>> crews;
    for (const size_t count : counts) {
      const std::vector<int> nodes = first_nodes(order_, count);
      crews.push_back(is_ruled_out(nodes) ? nullptr : crew_of(nodes, count));
    }
    search_at_once(crews.size(), request_.jobs, [&](size_t i) {
      if (crews[i] && !is_cheap(counts[i])) crews[i]->estimate_ps();
    });
    for (size_t i = 0; i < crews.size(); ++i) {
      if (!crews[i] || is_cheap(counts[i])) continue;
      if (is_hopeless(crews[i]->estimate_ps())) crews[i].reset();
    }
    const double least = best_->trials().measure();
    search_at_once(crews.size(), request_.jobs, [&](size_t i) {
      if (!crews[i] || PlanDeadline::passed()) return;
      crews[i]->begin_briefly(least);
      if (!is_cheap(counts[i])) return;
      crews[i]->begin();
      crews[i]->improve();
    });
    for (size_t i = 0; i < crews.size(); ++i) {
      crews_[counts[i]] = std::move(crews[i]);
    }
  }

  // Returns whether the crew's plan is the best so far.
  bool take(std::unique_ptr<CrewPlan> crew) {
    const Trials& trials = crew->trials();
    if (!trials.any()) {
      refused_ = lesser(refused_, trials.refused());
      return false;
    }
    const bool is_best = !best_ || trials.beats(best_->trials());
    note(*crew, trials.best().nodes.size(), is_best);
    if (is_best) std::swap(best_, crew);
    if (crew && request_.effort > 1) others_.push_back(std::move(crew));
    return is_best;
  }

  // Records the crew's trial, the best first. For the smallest arena all are
  // kept: in another order of layers another one may be the smallest.
  void note(const CrewPlan& crew, size_t nodes, bool is_best = false) {
    if (!tried_ || (is_latency() && !is_best)) return;
    if (is_latency()) tried_->clear();
    const Trials& trials = crew.trials();
    tried_->push_back({nodes, trials.any() ? trials.taken() : crew.simplest()});
    if (is_best) std::swap(tried_->front(), tried_->back());
  }

  // Returns whether a crew whose first plans are so good may become the best.
  bool is_promising(double now) const {
    if (now == kFar) return true;
    return is_latency()
               ? !is_behind(now, least_start_)
               : !best_ || now <= tuning::kHopeless * best_->trials().measure();
  }

  // Returns whether a plan is far behind the best one. Where moves made that
  // much better, it is compared with `least`, the least measure of any crew
  // before them: with little memory they gain a quarter of the time or more.
  bool is_behind(double now, double least) const {
    if (!best_) return false;
    const double best = tuning::kFarOff * best_->trials().measure();
    return now > (least > best ? tuning::kFarOff * least : best);
  }

  // Tries the strategies that estimates ruled out over all nodes: a request
  // that names a strategy must not get a better plan.
  void try_hopeless() {
    if (order_.size() != request_.cluster.nodes.size()) return;
    for (const std::string& strategy : hopeless_) {
      std::unique_ptr<CrewPlan> crew = crew_of(order_, order_.size());
      crew->run(strategy, is_latency() ? best_->trials().measure() : 0);
      take(std::move(crew));
    }
  }

  // The search of the default effort comes first, unchanged. Then all crews go
  // on whose plans are not far behind its plan; more effort may catch up more.
  // So whatever less effort tries is tried, and more effort is never worse.
  Plan named_at_last() {
    best_->improve_as_built();
    const int more = request_.effort - 1;
    const double most =
        std::pow(tuning::kFarOff, more) * best_->trials().measure();
    if (more > 0) best_->improve_further(more);
    for (std::unique_ptr<CrewPlan>& crew : others_) {
      if (crew->trials().measure() > most) continue;
      crew->improve_as_built();
      crew->improve_further(more);
      if (crew->trials().beats(best_->trials())) std::swap(best_, crew);
    }
    return named();
  }

  // Returns the best plan. Its strategy says what was taken, on how many nodes
  // and, if others were tried, why not on more.
  Plan named(bool says_why = true) const {
    const PlanRequest& request = whole_ ? *whole_ : request_;
    Plan plan = over_all_nodes(net_, request, best_->trials().best());
    plan.strategy = "auto (" + best_->trials().taken().name;
    plan.says_nodes = busy_nodes(plan) < std::ssize(plan.nodes);
    if (plan.says_nodes) {
      plan.strategy += fmt::format(" on {} of {} nodes", busy_nodes(plan),
                                   plan.nodes.size());
      if (says_why && !request.compared &&
          plan.nodes.size() == request_.cluster.nodes.size()) {
        plan.not_on_all = !on_all_;
        plan.strategy += why_some();
        // Where no plan on all nodes fits, speed is not what is missing.
        if (is_latency() && on_all_) {
          plan.strategy += help_of_idle(net_, request_, order_, plan,
                                        best_->trials().measure());
        }
      }
    }
    plan.strategy += ")";
    return plan;
  }

  // Says why not all nodes have a share.
  std::string why_some() const {
    const Trials& trials = best_->trials();
    return fmt::format(": {}; on all {}", trials.measured(),
                       on_all_ ? trials.text(*on_all_) : "it does not fit");
  }

  const Net& net_;
  const PlanRequest& request_;
  const std::vector<int> order_;  // fastest nodes first
  // Memos by the number of nodes in the cluster; plans refer to them.
  std::map<size_t, std::unique_ptr<SegmentMemo>> memos_;
  SegmentMemo* const memo_;
  std::vector<CrewTrial>* const tried_;
  const PlanRequest* const whole_;
  // Crews that are begun, by number of nodes; null: one is ruled out.
  std::map<size_t, std::unique_ptr<CrewPlan>> crews_;
  std::unique_ptr<CrewPlan> best_;
  std::vector<std::unique_ptr<CrewPlan>> others_;  // for more effort
  int64_t least_ps_ = 0;                           // the least of all estimates
  // The least measures of all crews, of first plans and before moves.
  double least_start_ = kFar, least_begun_ = kFar;
  std::optional<double> on_all_;
  std::vector<std::string> hopeless_;  // of the crew of all nodes
  std::optional<Misfit> refused_;
  const double least_refused_;
};

bool is_smaller(const Plan& a, const Plan& b) {
  const int64_t bytes = largest_arena(a), of_b = largest_arena(b);
  return bytes < of_b || (bytes == of_b && a.latency_s < b.latency_s);
}

// Tries equal shares, and if ratings differ also shares in proportion to them,
// which are largest on the fastest nodes.
OrMisfit<Plan> find_smallest(const Net& net, const PlanRequest& request,
                             SegmentMemo* memo, std::vector<CrewTrial>* tried,
                             double least_refused) {
  if (have_equal_ratings(request.cluster.nodes)) {
    return AutoPlan(net, request, {memo, tried, least_refused}).find();
  }
  PlanRequest evenly = request;
  for (ClusterNode& n : evenly.cluster.nodes) n.rating = 1;
  std::array<std::vector<CrewTrial>, 2> trials;
  std::array<std::optional<OrMisfit<Plan>>, 2> plans;
  search_at_once(2, request.jobs, [&](size_t even) {
    plans[even] = AutoPlan(net, even ? evenly : request,
                           {even ? nullptr : memo,
                            tried ? &trials[even] : nullptr, least_refused})
                      .find();
  });
  const auto& [rated, even] = plans;
  if (!*rated && !*even) return *lesser(rated->misfit(), even->misfit());
  const bool is_even = *even && (!*rated || is_smaller(**even, **rated));
  if (tried) *tried = std::move(trials[is_even ? 1 : 0]);
  return *std::move(plans[is_even ? 1 : 0]);
}

}  // namespace

OrMisfit<Plan> auto_plan(const Net& net, const PlanRequest& request,
                         SegmentMemo* memo, std::vector<CrewTrial>* tried) {
  if (request.objective == Objective::kLatency) {
    return AutoPlan(net, request, {memo, tried}).find();
  }
  OrMisfit<Plan> least = find_smallest(net, request, memo, tried, kFar);
  const std::vector<int> nodes = nodes_to_share(request.cluster);
  const size_t some = std::min(
      nodes.size(), tuning::kCheap / std::max(size_t{1}, plan_work(net, 1)));
  if (!least || some < 2) return least;
  // The fastest of all plans that are no larger is best. It is looked for over
  // as many nodes as cost little, so that more of them find what these do.
  PlanRequest within = request;
  within.objective = Objective::kLatency;
  if (some < nodes.size()) {
    within.cluster.nodes.resize(static_cast<size_t>(nodes[some - 1]) + 1);
  }
  for (ClusterNode& n : within.cluster.nodes) {
    n.ram = std::min(largest_arena(*least), n.arena_budget());
  }
  OrMisfit<Plan> fastest = AutoPlan(net, within, {.whole = &request}).find();
  return fastest && is_smaller(*fastest, *least) ? fastest : least;
}

OrMisfit<Plan> auto_plan_of(const Net& net, const PlanRequest& request,
                            std::vector<CrewTrial> trials) {
  return AutoPlan(net, request, {}).find_of(std::move(trials));
}

OrMisfit<Plan> brief_auto_plan(const Net& net, const PlanRequest& request) {
  return AutoPlan(net, request, {}).find_briefly();
}

}  // namespace shoal
