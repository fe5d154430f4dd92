#include "host/plan/planner/fixes.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <utility>

#include "host/base/error.h"
#include "host/base/size.h"
#include "host/plan/planner/goals.h"
#include "host/plan/planner/planner.h"
#include "host/plan/search/search.h"
#include "host/plan/types/deadline.h"

namespace shoal {
namespace {

constexpr size_t kMostByName = 16;  // nodes; over more `spatial` alone is tried
constexpr int kBisections = 6;
constexpr int64_t kMostSpilled = int64_t{1} << 30;

struct CheapPlan {
  PlanNumbers numbers;
  std::string asked;     // as --strategy takes it; empty: none
  std::string strategy;  // what the plan says of itself
  bool enough = false;   // within limits; budgets it keeps anyway
  int64_t spilled = 0;
};

bool better(const CheapPlan& a, const CheapPlan& b) {
  if (a.enough != b.enough) return a.enough;
  return a.numbers.latency_s < b.numbers.latency_s;
}

std::vector<std::string> named_strategies(const PlanRequest& request) {
  std::vector<std::string> names = {"spatial", "layer", "kernel", "auto"};
  if (request.cluster.nodes.size() > kMostByName) names.resize(1);
  return names;
}

// One search of each strategy, for the least time; without limits one plan that
// fits will do. When the time has run out, what was found until then.
std::optional<CheapPlan> cheap_plan(const Net& net, PlanRequest request,
                                    const std::vector<std::string>& names) {
  const PlanLimits limits = std::exchange(request.limits, PlanLimits{});
  request.objective = Objective::kLatency;
  std::optional<CheapPlan> best;
  for (const std::string& name : names) {
    if (PlanDeadline::passed()) break;
    request.strategy = name;
    try {
      const Plan plan = make_plan(net, request);
      CheapPlan found{numbers_of(net, request, plan, false), name,
                      plan.strategy, false,
                      plan.nodes[0].storage_written_bytes};
      found.enough = keeps(limits, found.numbers);
      if (!best || better(found, *best)) best = std::move(found);
      if (best->enough) break;
    } catch (const Error& e) {
      if (e.code() == Exit::kInternal) throw;
    }
  }
  return best;
}

// By the request's own strategy, or by each if it may be any.
std::optional<CheapPlan> cheap_plan(const Net& net,
                                    const PlanRequest& request) {
  const bool each = request.over_links() && request.is_auto();
  return cheap_plan(net, request,
                    each ? named_strategies(request)
                         : std::vector<std::string>{request.strategy});
}

std::string cost_text(const CheapPlan& p, bool linked) {
  std::string text =
      fmt::format("{:.3f} ms, {} a node", p.numbers.latency_s * 1e3,
                  format_bytes(p.numbers.ram));
  if (!linked) return text;
  return text + fmt::format(", {} B of traffic, {}",
                            format_count(p.numbers.traffic_bytes), p.strategy);
}

class Fixes {
 public:
  Fixes(const Net& net, const PlanRequest& request)
      : net_(net), request_(request) {}

  // The request as it is, by another strategy.
  void add_strategy() {
    if (!request_.over_links() || request_.has_own_cuts()) return;
    // The search has tried all others.
    if (request_.is_auto()) return;
    std::vector<std::string> names = named_strategies(request_);
    std::erase(names, own_strategy());
    const std::optional<CheapPlan> found = cheap_plan(net_, request_, names);
    if (!found || !found->enough) return;
    other_fits_ = true;
    lines_.push_back("--strategy " + found->asked + ": " +
                     cost_text(*found, true));
  }

  // More than there is. Where another strategy needs no more, what the
  // request's own one needs.
  void add_ram() {
    const auto with = [&](int64_t bytes) {
      PlanRequest r = request_;
      for (ClusterNode& n : r.cluster.nodes) n.ram = bytes, n.max_arena.reset();
      return r;
    };
    // Boards take no more than they have; what a larger one would need is
    // another line.
    int64_t low = INT32_MAX, high = 0;
    for (const ClusterNode& n : request_.cluster.nodes) {
      low = std::min(low, n.plan_budget());
      ClusterNode free = n;
      free.ram.reset(), free.max_arena.reset();
      high = std::max(high, free.plan_budget());
    }
    const int64_t present = low;
    const auto enough_more = [&](const PlanRequest& r) {
      std::optional<CheapPlan> found =
          other_fits_ ? cheap_plan(net_, r, {own_strategy()})
                      : cheap_plan(net_, r);
      if (found && (!found->enough || found->numbers.ram <= present)) {
        found.reset();
      }
      return found;
    };
    bool larger_board = false;
    std::optional<CheapPlan> found;
    if (low < high) found = enough_more(with(high));
    if (!found) {
      larger_board = true;
      PlanRequest r = with(INT32_MAX);
      for (ClusterNode& n : r.cluster.nodes) n.board.banks.clear();
      found = enough_more(r);
      if (!found) return;
    }
    const auto again = [&](int64_t bytes) {
      PlanRequest r = with(bytes);
      if (larger_board) {
        for (ClusterNode& n : r.cluster.nodes) n.board.banks.clear();
      }
      return enough_more(r);
    };
    high = found->numbers.ram;
    for (int i = 0; i < kBisections && low + 16 < high; ++i) {
      const int64_t middle = low + (high - low) / 2;
      if (std::optional<CheapPlan> less = again(middle)) {
        high = std::min(less->numbers.ram, middle);
        found = std::move(less);
      } else {
        low = middle;
      }
    }
    add(larger_board
            ? "a board with " + format_bytes(found->numbers.ram) + " of arena"
        : has_own_ram() ? "arenas of " + format_bytes(found->numbers.ram) +
                              " each" + max_arena_flag(found->numbers.ram)
                        : request_.node().budget_change(found->numbers.ram),
        *found);
  }

  // More arithmetic, and the picture's rows several times.
  void add_replay() {
    if (request_.over_links() || request_.replay) return;
    PlanRequest r = request_;
    r.replay = true;
    const std::optional<CheapPlan> found = enough(std::move(r));
    if (found) add("--replay", *found);
  }

  void add_nodes() {
    if (request_.batch > 1 || request_.has_own_cuts()) return;
    const auto count = static_cast<int>(request_.cluster.nodes.size());
    const FewestNodes few =
        fewest_nodes(net_, request_, count + 1, kMostTriedNodes);
    if (few.nodes == 0) return;
    const auto at =
        std::ranges::find(few.tries, few.nodes, &FewestNodes::Try::nodes);
    const std::string what =
        (from_file() ? "nodes like the last one, in all " : "--nodes ") +
        std::to_string(few.nodes);
    lines_.push_back(fmt::format(
        "{}: {:.3f} ms, {} a node, {} B of traffic",
        what + strategy_flag(what, at->strategy), at->best->latency_s * 1e3,
        format_bytes(at->best->ram), format_count(at->best->traffic_bytes)));
  }

  // What spills costs time and wear, but no node.
  void add_spills() {
    if (request_.over_links() || request_.node().board.storages.empty()) return;
    PlanRequest r = request_;
    r.max_writes = kMostSpilled;
    const std::optional<CheapPlan> found = enough(std::move(r));
    if (!found || found->spilled <= request_.max_writes) return;
    add("--max-writes " + std::to_string(found->spilled), *found);
  }

  void add_storages() {
    std::optional<CheapPlan> best;
    std::string name;
    const Board& board = request_.node().board;
    if (request_.node().flash_weights == 0) return;
    for (const Storage& s : board.storages) {
      PlanRequest r = request_;
      for (ClusterNode& n : r.cluster.nodes) {
        if (n.board.name != board.name) return;
        n.storage = s.name;
        n.flash_weights = 0;
      }
      std::optional<CheapPlan> found = enough(std::move(r));
      if (!found || (best && !better(*found, *best))) continue;
      best = std::move(found), name = s.name;
    }
    if (best) add("--flash 0 --storage " + name, *best);
  }

  void add_smaller(const SmallerNet& smaller) {
    if (!smaller) return;
    constexpr int kSteps[] = {88, 75, 63, 50, 38, 25, 13};
    for (const int percent : kSteps) {
      std::string text;
      const std::optional<Net> net = smaller(percent, text);
      if (!net) return;
      const std::optional<CheapPlan> found = cheap_plan(*net, request_);
      if (!found || !found->enough) continue;
      add("the model for an input of " + text, *found);
      return;
    }
  }

  std::vector<std::string> lines() { return std::move(lines_); }

 private:
  bool from_file() const { return !request_.cluster.file.empty(); }
  bool has_own_ram() const {
    return std::ranges::any_of(request_.cluster.nodes,
                               &ClusterNode::has_own_ram);
  }
  // Where it is in the way of so many bytes.
  std::string max_arena_flag(int64_t bytes) const {
    const std::optional<int64_t>& most = request_.node().max_arena;
    if (!most || *most >= bytes) return "";
    return " (--max-arena " + std::to_string(bytes) + ")";
  }
  std::optional<CheapPlan> enough(PlanRequest r) const {
    std::optional<CheapPlan> found = cheap_plan(net_, std::move(r));
    if (found && !found->enough) found.reset();
    return found;
  }
  // What the request, over links, is planned by.
  std::string own_strategy() const {
    return request_.strategy.empty() ? "auto" : request_.strategy;
  }
  // Goals are looked for by each strategy anyway.
  bool tries_each() const { return request_.is_auto() && has_goals(request_); }
  // What must be said besides, for the plan that was found.
  std::string strategy_flag(const std::string& what,
                            const std::string& asked) const {
    if (request_.has_own_cuts() || tries_each()) return "";
    if (asked.empty() || asked == own_strategy()) return "";
    return (what.starts_with("--") ? " --strategy " : " with --strategy ") +
           asked;
  }
  void add(const std::string& what, const CheapPlan& found) {
    const bool linked = request_.over_links();
    lines_.push_back(what + (linked ? strategy_flag(what, found.asked) : "") +
                     ": " + cost_text(found, linked));
  }

  const Net& net_;
  const PlanRequest& request_;
  std::vector<std::string> lines_;
  bool other_fits_ = false;  // the request by another strategy
};

}  // namespace

PlanRequest with_nodes(const PlanRequest& request, int count) {
  PlanRequest r = request;
  r.linked = true;
  if (r.strategy == "single") r.strategy = "auto";
  // What runs spills is a node alone.
  r.max_writes = 0;
  while (static_cast<int>(r.cluster.nodes.size()) < count) {
    ClusterNode n = r.cluster.nodes.back();
    n.name = "node" + std::to_string(r.cluster.nodes.size());
    n.address.clear();
    r.cluster.nodes.push_back(std::move(n));
  }
  return r;
}

FewestNodes fewest_nodes(const Net& net, const PlanRequest& request, int from,
                         int most) {
  std::map<int, FewestNodes::Try> tried;
  const auto enough = [&](int count) {
    FewestNodes::Try t{count, {}, {}, false};
    if (const auto p = cheap_plan(net, with_nodes(request, count))) {
      t.best = p->numbers;
      t.strategy = p->asked;
      t.enough = p->enough;
    }
    // Not enough time says nothing of the nodes.
    if (!t.enough && PlanDeadline::passed()) return false;
    tried[count] = t;
    return t.enough;
  };
  int low = from - 1, high = 0;  // not enough, enough
  for (int count = from; count <= most && !PlanDeadline::passed(); count *= 2) {
    if (enough(count)) {
      high = count;
      break;
    }
    low = count;
    if (count < most && count * 2 > most) count = most / 2;
  }
  while (high > 0 && high - low > 1 && !PlanDeadline::passed()) {
    const int middle = low + (high - low) / 2;
    (enough(middle) ? high : low) = middle;
  }
  FewestNodes few;
  few.nodes = high;
  for (const auto& [count, t] : tried) few.tries.push_back(t);
  return few;
}

std::vector<std::string> find_fixes(const Net& net, const PlanRequest& request,
                                    const SmallerNet& smaller) {
  Fixes fixes(net, request);
  fixes.add_strategy();
  fixes.add_ram();
  fixes.add_replay();
  fixes.add_nodes();
  fixes.add_spills();
  fixes.add_storages();
  fixes.add_smaller(smaller);
  return fixes.lines();
}

}  // namespace shoal
