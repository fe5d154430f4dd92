#include "host/plan/planner/explore.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <iterator>
#include <utility>

#include "host/base/error.h"
#include "host/base/size.h"
#include "host/plan/cuts/cuts.h"
#include "host/plan/planner/bounds.h"
#include "host/plan/planner/node_kinds.h"
#include "host/plan/planner/pipeline.h"
#include "host/plan/planner/planner.h"
#include "host/plan/planner/trials.h"
#include "host/plan/search/segment_memo.h"
#include "host/plan/types/deadline.h"
#include "host/plan/types/tuning.h"

namespace shoal {
namespace {

// One way to plan the request.
struct TrialWay {
  std::string strategy;    // empty: the request's own cuts, or no links
  std::vector<int> nodes;  // that may have a share
};

// Returns the joules of a MAC by itself and of the core meanwhile.
double joules_per_mac(const ClusterNode& n) {
  return n.board.energy.j_per_mac + n.board.energy.active_w / (n.rating * 1e6);
}

class Explorer {
 public:
  Explorer(const Net& net, const PlanRequest& request,
           const ExploreOptions& options)
      : net_(net),
        request_(request),
        options_(options),
        order_(fastest_first(request.cluster)),
        effort_(request.effort > 1 ? request.effort : 0),
        memo_(net) {
    roomy_ = order_;
    std::ranges::stable_sort(roomy_, std::greater{}, [&](int n) {
      return request_.cluster.nodes[size_t(n)].plan_budget();
    });
    thrifty_ = order_;
    std::ranges::stable_sort(thrifty_, {}, [&](int n) {
      return joules_per_mac(request_.cluster.nodes[size_t(n)]);
    });
  }

  // Begins without more effort: few of dozens of plans are worth it.
  Exploration explore() {
    try_ways();
    if (!found_.best && may_try_harder()) {
      effort_ = request_.effort;
      try_ways();
    }
    return std::move(found_);
  }

 private:
  // Returns whether more effort is worth it before limits are refused: where
  // plans cost so little that they have more effort anyway.
  bool may_try_harder() const {
    return order_.size() > 1 && request_.limits.any() && !request_.compared &&
           !options_.brief && plan_work(net_, order_.size()) <= tuning::kCheap;
  }

  void try_ways() {
    struct Ends {
      TrialWay way;
      std::optional<PlanNumbers> fast, small;
    };
    std::vector<Ends> all;
    if (saves_energy()) work_little();
    for (const TrialWay& way : ways()) {
      if (cannot_be_better(way)) continue;
      Ends e{way, {}, {}};
      Priced least;
      // A plan of the least time sends more than one with the highest price,
      // but may keep a limit of time that this one does not.
      const bool quiet_first = counts_price(way) && !options_.all &&
                               request_.objective == Objective::kTraffic &&
                               !request_.limits.latency_s;
      if (quiet_first) least = send_less(way);
      if (!least.plan) e.fast = attempt(way, Objective::kLatency, {});
      if (wants_small()) e.small = attempt(way, Objective::kRam, {});
      if (counts_price(way) && !quiet_first) {
        const Priced sends_less = send_less(way);
        if (!keeps_limits(e.fast)) least = sends_less;
      }
      if (!least.plan) least.plan = e.fast;
      if (is_auto(way) && !options_.brief && squeezes()) {
        squeeze(way, least, e.small);
      }
      all.push_back(std::move(e));
    }
    for (Ends& e : all) {
      if (sends_less_too_late(e.way, e.fast)) {
        e.small = attempt(e.way, Objective::kRam, {});
      }
      between(e.way, e.fast, e.small);
    }
    if (may_follow()) follow();
  }

  std::vector<TrialWay> ways() const {
    const size_t all = order_.size();
    if (!may_choose()) return {{"", order_}};
    std::vector<std::string> names = general_strategies();
    std::vector<TrialWay> ways;
    const bool any = request_.is_auto();
    if (options_.brief) {
      const std::string name = any ? "auto" : request_.strategy;
      if (all == 1) return {{name, order_}};
      return {{name, order_}, {name, {soonest()}}};
    }
    if (!any) names = {request_.strategy};
    if (any) ways.push_back({"auto", order_});
    const auto add = [&](const std::vector<int>& order, size_t count) {
      for (const std::string& name : names) {
        ways.push_back({name, first_nodes(order, count)});
        if (count > tuning::kManyNodes && any) break;
      }
    };
    for (size_t count = all; count > 0; count /= 2) add(order_, count);
    // The search for a node alone knows more than that for a crew of one.
    const int lone = soonest();
    const bool is_tried = saves_energy() && lone == thrifty_.front();
    if (any && all > 1 && !is_tried) ways.push_back({"auto", {lone}});
    if (roomy_ == order_) return ways;
    // Leaves out each class of nodes with less memory.
    size_t classes = 0;
    for (size_t k = all; k-- > 1 && classes < tuning::kMostClasses;) {
      if (budget(roomy_[k - 1]) == budget(roomy_[k])) continue;
      ++classes;
      add(roomy_, k);
    }
    return ways;
  }

  int64_t budget(int node) const {
    return request_.cluster.nodes[static_cast<size_t>(node)].plan_budget();
  }

  bool may_choose() const {
    return request_.over_links() && !request_.has_own_cuts();
  }

  static bool is_auto(const TrialWay& way) { return way.strategy == "auto"; }
  // Returns whether the way is that of the request.
  bool is_whole(const TrialWay& way) const {
    return way.nodes == order_ && (way.strategy.empty() || is_auto(way) ||
                                   way.strategy == request_.strategy);
  }

  // Returns whether to try prices of traffic; a single node cannot send less.
  bool counts_price(const TrialWay& way) const {
    return is_auto(way) && !options_.brief && way.nodes.size() > 1 &&
           (options_.traffic || request_.limits.traffic_bytes ||
            request_.objective == Objective::kTraffic);
  }
  // Returns whether to plan for the smallest arena: it may be the best plan, or
  // one end of the budgets in which to look for that. It is neither where only
  // time or traffic counts. For frames a second and energy without limits it is
  // too slow: frames that follow each other wait for the same nodes, and cores
  // that work draw more.
  bool wants_small() const {
    const Objective o = request_.objective;
    const bool time =
        (o == Objective::kLatency && !request_.limits.traffic_bytes) ||
        ((o == Objective::kThroughput || o == Objective::kEnergy) &&
         !request_.limits.any());
    return !options_.brief &&
           (options_.all || (o != Objective::kTraffic && !time));
  }
  bool saves_energy() const {
    return request_.objective == Objective::kEnergy && may_choose() &&
           request_.is_auto() && !options_.brief;
  }
  // With more nodes, more is computed twice and handled as datagrams. Tries the
  // nodes that draw least for a MAC, as few as keep the limits.
  void work_little() {
    for (size_t count = 1; count < thrifty_.size();
         count += count < tuning::kManyNodes ? 1 : count) {
      const TrialWay way{"auto", first_nodes(thrifty_, count)};
      const auto found = attempt(way, Objective::kLatency, {});
      if (found && keeps(request_.limits, *found)) return;
    }
  }
  // Returns whether smaller budgets may yield a plan that sends less than the
  // best one and is fast enough.
  bool sends_less_too_late(const TrialWay& way,
                           const std::optional<PlanNumbers>& fast) const {
    if (options_.brief || wants_small() || !fast) return false;
    if (request_.objective != Objective::kTraffic) return false;
    if (keeps_latency(fast) || cannot_be_better(way)) return false;
    return !found_.best || fast->traffic_bytes < best().traffic_bytes;
  }
  bool squeezes() const {
    return request_.limits.latency_s && request_.objective == Objective::kRam;
  }

  bool keeps_limits(const std::optional<PlanNumbers>& n) const {
    return n && keeps(request_.limits, *n);
  }
  bool keeps_latency(const std::optional<PlanNumbers>& n) const {
    const std::optional<double>& most = request_.limits.latency_s;
    return n && (!most || n->latency_s <= *most);
  }

  // Returns whether a bound of the cuts rules the way out; never where all
  // plans are wanted.
  bool cannot_be_better(const TrialWay& way) const {
    if (options_.all || !found_.best || way.strategy.empty()) return false;
    if (is_auto(way) && way.nodes.size() > 1) return false;
    const CutBound bound = cut_bound(net_, request_, cuts_of(way));
    // A core does its part of each frame, so this also bounds the period.
    PlanNumbers least;
    least.latency_s = least.period_s =
        static_cast<double>(bound.ps) * 1e-12 / kRounding;
    least.traffic_bytes = bound.sent_bytes;
    if (!keeps(request_.limits, least)) return true;
    const Objective objective = request_.objective;
    return (objective == Objective::kTraffic ||
            objective == Objective::kLatency ||
            objective == Objective::kThroughput) &&
           least.of(objective) > best().of(objective);
  }

  struct Priced {
    double byte_s = 0;
    std::optional<PlanNumbers> plan;
  };

  // Tries prices of traffic until a plan keeps all limits, and returns that
  // plan: from the highest price down if least traffic is the objective, else
  // from the lowest up.
  Priced send_less(const TrialWay& way) {
    const bool down = request_.objective == Objective::kTraffic;
    constexpr size_t kPrices = std::size(tuning::kBytePrices);
    for (size_t i = 0; i < kPrices; i += options_.traffic ? 2 : 1) {
      const double price = tuning::kBytePrices[down ? kPrices - 1 - i : i];
      const std::optional<PlanNumbers> found =
          attempt(way, Objective::kLatency, {}, price);
      if (!found) break;
      if (!options_.traffic && keeps_limits(found)) return {price, found};
    }
    return {};
  }

  // Bisects the arena between these plans for the smallest that keeps the
  // limits.
  void squeeze(const TrialWay& way, const Priced& least,
               const std::optional<PlanNumbers>& small) {
    if (!keeps_limits(least.plan) || !small) return;
    auto low = static_cast<double>(small->ram);
    auto high = static_cast<double>(least.plan->ram);
    while (high > low * tuning::kNear) {
      const double middle = std::sqrt(low * high);
      const auto found = attempt(way, Objective::kLatency,
                                 static_cast<int64_t>(middle), least.byte_s);
      (keeps_limits(found) ? high : low) = middle;
    }
  }

  // Returns whether to try pipelines: frames that follow each other on nodes
  // that do not share layers.
  bool may_follow() const {
    return request_.objective == Objective::kThroughput &&
           request_.over_links() && request_.is_auto() && !options_.brief &&
           order_.size() > 1;
  }
  void follow() {
    if (PlanDeadline::passed()) {
      found_.in_time = false;
      return;
    }
    auto found = find_pipeline(net_, request_, order_, memo_);
    if (!found) return;
    const auto busy = static_cast<size_t>(busy_nodes(found->plan));
    add({"pipeline", first_nodes(order_, busy)}, std::nullopt,
        std::move(found->plan));
  }

  // Tries budgets between the smallest arena and that of the least time, with
  // equal factors from one to the next.
  void between(const TrialWay& way, const std::optional<PlanNumbers>& fast,
               const std::optional<PlanNumbers>& small) {
    if (!fast || !small) return;
    if (squeezes() && is_auto(way)) return;
    // Each of these plans takes as long as all others together.
    if (way.strategy == "auto" && way.nodes.size() > tuning::kManyNodes) return;
    const double low = static_cast<double>(small->ram);
    const double high = static_cast<double>(fast->ram);
    if (high < low * tuning::kNear) return;
    const int steps = options_.budgets + 1;
    for (int i = 1; i < steps; ++i) {
      const double budget = low * std::pow(high / low, double(i) / steps);
      attempt(way, Objective::kLatency, static_cast<int64_t>(budget));
    }
  }

  PlanRequest asked(const TrialWay& way, Objective objective,
                    std::optional<int64_t> ram, double byte_s) const {
    PlanRequest r = request_;
    r.limits = {};
    r.byte_s = byte_s;
    r.objective = objective;
    r.compared = true;
    r.effort = effort_;
    if (!way.strategy.empty()) r.strategy = way.strategy;
    for (ClusterNode& n : r.cluster.nodes) {
      if (ram) n.ram = std::min(*ram, n.arena_budget());
    }
    if (way.nodes.size() == request_.cluster.nodes.size()) return r;
    if (is_auto(way)) {
      for (ClusterNode& n : r.cluster.nodes) n.left_out = true;
      for (const int n : way.nodes) r.cluster.nodes[size_t(n)].left_out = false;
    } else {
      r.cuts = cuts_of(way);
      r.cuts->strategy = way.strategy;
    }
    return r;
  }

  Cuts cuts_of(const TrialWay& way) const {
    return make_cuts_over(
        net_, request_.cluster, way.nodes,
        {.strategy = is_auto(way) ? "spatial" : way.strategy});
  }

  // Returns the node that may be fastest alone, by the least work of its core
  // and of its link.
  int soonest() const {
    const int64_t bytes = lower_bound(net_, request_).traffic_bytes;
    return *std::ranges::min_element(order_, {}, [&](int n) {
      const Board& board = request_.cluster.nodes[size_t(n)].board;
      const CutBound bound = cut_bound(net_, request_, cuts_of({"auto", {n}}));
      return static_cast<double>(bound.ps) * 1e-12 +
             8.0 * static_cast<double>(bytes) / board.link_bits_per_s +
             board.link_latency_us * 1e-6;
    });
  }

  std::optional<PlanNumbers> attempt(const TrialWay& way, Objective objective,
                                     std::optional<int64_t> ram,
                                     double byte_s = 0) {
    if (PlanDeadline::passed()) {
      found_.in_time = false;
      return std::nullopt;
    }
    if (options_.without_limits && is_whole(way) && !ram && byte_s == 0 &&
        objective == request_.objective) {
      Plan known = *options_.without_limits;
      known.strategy = way.strategy;
      known.says_nodes = false;
      return add(way, {}, std::move(known));
    }
    OrMisfit<Plan> plan =
        find_plan(net_, asked(way, objective, ram, byte_s), &memo_);
    if (plan) return add(way, ram, *std::move(plan));
    if (!found_.refused) found_.refused = plan.misfit();
    return std::nullopt;
  }

  const PlanNumbers& best() const {
    return found_.trials[found_.best_trial].numbers;
  }

  PlanNumbers add(const TrialWay& way, std::optional<int64_t> ram, Plan plan) {
    const Objective objective = request_.objective;
    PlanTrial t;
    t.strategy = plan.strategy;
    t.says_nodes = plan.says_nodes;
    t.nodes = static_cast<int>(way.nodes.size());
    t.ram = ram;
    const double most_s = found_.best && !options_.all ? best().period_s : 0;
    t.numbers =
        numbers_of(net_, request_, plan, objective == Objective::kThroughput,
                   most_s, &memo_.rehearsals());
    t.keeps_limits = keeps(request_.limits, t.numbers);
    const auto better = [&](const PlanNumbers& a, const PlanNumbers& b) {
      const double one = a.of(objective), other = b.of(objective);
      return one < other || (one == other && a.latency_s < b.latency_s);
    };
    if (t.keeps_limits && (!found_.best || better(t.numbers, best()))) {
      found_.best = std::move(plan);
      found_.best_trial = found_.trials.size();
    }
    found_.trials.push_back(std::move(t));
    return found_.trials.back().numbers;
  }

  const Net& net_;
  const PlanRequest& request_;
  const ExploreOptions options_;
  std::vector<int> order_;    // fastest first
  std::vector<int> roomy_;    // most memory first
  std::vector<int> thrifty_;  // fewest joules for a MAC first
  int effort_;
  SegmentMemo memo_;
  Exploration found_;
};

bool beats(const PlanNumbers& a, const PlanNumbers& b) {
  const bool as_good = a.ram <= b.ram && a.latency_s <= b.latency_s &&
                       a.traffic_bytes <= b.traffic_bytes;
  return as_good && (a.ram < b.ram || a.latency_s < b.latency_s ||
                     a.traffic_bytes < b.traffic_bytes);
}

}  // namespace

bool same_point(const PlanTrial& a, const PlanTrial& b) {
  const PlanNumbers &m = a.numbers, &n = b.numbers;
  return m.ram == n.ram && m.latency_s == n.latency_s &&
         m.traffic_bytes == n.traffic_bytes;
}

std::vector<PlanTrial> distinct(const std::vector<PlanTrial>& trials) {
  std::vector<PlanTrial> kept;
  for (const PlanTrial& t : trials) {
    const auto same = [&](const PlanTrial& k) { return same_point(k, t); };
    if (std::ranges::none_of(kept, same)) kept.push_back(t);
  }
  return kept;
}

std::string PlanTrial::text() const {
  std::string out = strategy;
  if (!says_nodes) {
    out += " on " + std::to_string(nodes) + (nodes == 1 ? " node" : " nodes");
  }
  if (ram) out += ", arenas to " + format_count(*ram) + " B";
  return out;
}

Exploration explore(const Net& net, const PlanRequest& request,
                    const ExploreOptions& options) {
  return Explorer(net, request, options).explore();
}

std::vector<PlanTrial> pareto_front(const std::vector<PlanTrial>& trials) {
  std::vector<PlanTrial> front;
  for (const PlanTrial& t : trials) {
    const auto worse = [&](const PlanTrial& other) {
      return beats(other.numbers, t.numbers);
    };
    if (std::ranges::none_of(trials, worse)) front.push_back(t);
  }
  front = distinct(front);
  std::ranges::stable_sort(front, {}, [](const PlanTrial& t) {
    return std::pair(t.numbers.ram, t.numbers.latency_s);
  });
  return front;
}

}  // namespace shoal
