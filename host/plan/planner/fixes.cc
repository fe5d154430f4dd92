#include "host/plan/planner/fixes.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <iterator>
#include <string>
#include <utility>
#include <vector>

#include "host/base/size.h"
#include "host/base/units.h"
#include "host/plan/planner/quick_plan.h"
#include "host/plan/types/at_once.h"
#include "host/plan/types/tuning.h"

namespace shoal {
namespace {

constexpr int64_t kMostSpilled = int64_t{1} << 30;

class Fixes {
 public:
  Fixes(const Net& net, const PlanRequest& request, const SmallerNet& smaller)
      : net_(net), request_(request), smaller_(smaller) {}

  // Returns the lines of all kinds; each kind has its own budget of work.
  std::vector<std::string> lines() const {
    struct Kind {
      void (Fixes::*add)();
      int64_t work = tuning::kFixWork;
    };
    constexpr Kind kKinds[] = {{&Fixes::add_strategy},
                               {&Fixes::add_ram},
                               {&Fixes::add_replay},
                               {&Fixes::add_nodes, tuning::kFixNodesWork},
                               {&Fixes::add_spills},
                               {&Fixes::add_storages},
                               {&Fixes::add_smaller, tuning::kFixNodesWork}};
    std::vector<std::string> lines[std::size(kKinds)];
    search_at_once(std::size(kKinds), request_.jobs, [&](size_t i) {
      Fixes fixes(net_, request_, smaller_);
      fixes.plans_ = QuickPlans(kKinds[i].work);
      (fixes.*kKinds[i].add)();
      lines[i] = std::move(fixes.lines_);
    });
    std::vector<std::string> all;
    for (std::vector<std::string>& of : lines) {
      std::ranges::move(of, std::back_inserter(all));
    }
    return all;
  }

 private:
  // Offers another strategy for the same request.
  void add_strategy() {
    if (!request_.over_links() || request_.has_own_cuts()) return;
    // Strategy auto has tried all others.
    if (request_.is_auto()) return;
    std::vector<std::string> names = cheapest_first();
    std::erase(names, own_strategy());
    const std::optional<QuickPlan> found = plans_.find(net_, request_, names);
    if (!found || !found->enough) return;
    lines_.push_back("--strategy " + found->asked + ": " +
                     cost_text(*found, true));
  }

  // Offers larger arenas, for the request's own strategy even where another one
  // needs no more.
  void add_ram() {
    bool larger_board = false;
    const auto with = [&](int64_t bytes) {
      PlanRequest r = request_;
      for (ClusterNode& n : r.cluster.nodes) {
        n.ram = bytes, n.max_arena.reset();
        if (larger_board) n.board.banks.clear();
      }
      return r;
    };
    // A budget cannot exceed what the board has. The need for a larger board is
    // another line.
    int64_t low = INT32_MAX, high = 0;
    for (const ClusterNode& n : request_.cluster.nodes) {
      low = std::min(low, n.plan_budget());
      ClusterNode free = n;
      free.ram.reset(), free.max_arena.reset();
      high = std::max(high, free.plan_budget());
    }
    const int64_t present = low;
    const auto enough_more = [&](int64_t bytes) {
      const PlanRequest r = with(bytes);
      std::optional<QuickPlan> found = request_.limits.any()
                                           ? plans_.find(net_, r)
                                           : plans_.find_smallest(net_, r);
      if (found && (!found->enough || found->numbers.ram <= present)) {
        found.reset();
      }
      return found;
    };
    std::optional<QuickPlan> found;
    if (low < high) found = enough_more(high);
    if (!found) {
      larger_board = true;
      found = enough_more(INT32_MAX);
      if (!found) return;
    }
    high = found->numbers.ram;
    // Without limits this is the smallest arena, so nothing is bisected.
    const auto is_near = [&] {
      return static_cast<double>(high - kAlign) <=
             tuning::kNear * static_cast<double>(low);
    };
    while (request_.limits.any() && !is_near()) {
      const int64_t middle = low + (high - low) / 2;
      if (std::optional<QuickPlan> less = enough_more(middle)) {
        high = std::min(less->numbers.ram, middle);
        found = std::move(less);
      } else {
        low = middle;
      }
    }
    add(larger_board ? "a board with " + format_bytes(found->numbers.ram) +
                           " of arena" + max_arena_flag(found->numbers.ram)
        : has_own_ram() ? "arenas of " + format_bytes(found->numbers.ram) +
                              " each" + max_arena_flag(found->numbers.ram)
                        : request_.node().budget_change(found->numbers.ram),
        *found);
  }

  // Offers tiles: more arithmetic, and the picture's rows several times.
  void add_replay() {
    if (request_.cluster.nodes.size() > 1 || request_.replay) return;
    PlanRequest r = request_;
    r.replay = true;
    const std::optional<QuickPlan> found = enough(std::move(r));
    if (found) add("--replay", *found);
  }

  void add_nodes() {
    if (request_.batch > 1 || request_.has_own_cuts()) return;
    const auto count = static_cast<int>(request_.cluster.nodes.size());
    const FewestNodes few =
        fewest_nodes(net_, request_, count + 1, kMostTriedNodes, plans_);
    if (few.nodes == 0) return;
    const auto at =
        std::ranges::find(few.tries, few.nodes, &FewestNodes::Try::nodes);
    const std::string what =
        std::string(from_file() ? "nodes like the last one, in all "
                                : "--nodes ") +
        std::to_string(few.nodes);
    QuickPlan found = *at->best;
    if (request_.strategy == "single") found.asked = "auto";
    // Only a node alone spills.
    const char* const without = request_.years > 0 ? " without --lifetime"
                                : request_.max_writes > 0
                                    ? " without --max-writes"
                                    : "";
    lines_.push_back(what + strategy_flag(what, found.asked) + without + ": " +
                     cost_text(found, true));
  }

  // Offers spills, which cost time and wear, but no node.
  void add_spills() {
    if (request_.over_links() || request_.node().board.storages.empty()) return;
    PlanRequest r = request_;
    r.max_writes = kMostSpilled;
    const std::optional<QuickPlan> found = enough(std::move(r));
    if (!found || found->spilled <= request_.max_writes) return;
    add("--max-writes " + std::to_string(found->spilled), *found);
  }

  void add_storages() {
    std::optional<QuickPlan> best;
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
      std::optional<QuickPlan> found = enough(std::move(r));
      if (!found) continue;
      if (best && found->numbers.latency_s >= best->numbers.latency_s) continue;
      best = std::move(found), name = s.name;
    }
    if (best) add("--flash 0 --storage " + name, *best);
  }

  void add_smaller() {
    if (!smaller_) return;
    constexpr auto& kSteps = tuning::kSmallerInputs;
    std::string text, best_text;
    std::optional<QuickPlan> best;
    size_t low = 0, high = std::size(kSteps);
    while (low < high) {
      const size_t middle = low + (high - low) / 2;
      const std::optional<Net> net = smaller_(kSteps[middle], text);
      if (!net) return;
      std::optional<QuickPlan> found = plans_.find(*net, request_);
      const bool enough = found && found->enough;
      if (enough) best = std::move(found), best_text = text;
      (enough ? high : low) = enough ? middle : middle + 1;
    }
    if (best) add("the model for an input of " + best_text, *best);
  }

  // A search for the smallest arena promises no time.
  std::string cost_text(const QuickPlan& p, bool linked) const {
    if (request_.objective == Objective::kRam) {
      return format_bytes(p.numbers.ram) + " or less a node";
    }
    std::string text =
        fmt::format("{}{}, {} a node", format_time(p.numbers.latency_s),
                    p.or_less ? " or less" : "", format_bytes(p.numbers.ram));
    // A faster plan may have another traffic.
    if (!linked || p.or_less) return text;
    return text + fmt::format(", {} B of traffic, {}",
                              format_count(p.numbers.traffic_bytes),
                              p.strategy);
  }
  bool from_file() const { return !request_.cluster.file.empty(); }
  bool has_own_ram() const {
    return std::ranges::any_of(request_.cluster.nodes,
                               &ClusterNode::has_own_ram);
  }
  // Returns the flag to add where --max-arena is below `bytes`.
  std::string max_arena_flag(int64_t bytes) const {
    const std::optional<int64_t>& most = request_.node().max_arena;
    if (!most || *most >= bytes) return "";
    return " and --max-arena " + std::to_string(bytes);
  }
  std::optional<QuickPlan> enough(const PlanRequest& r) {
    std::optional<QuickPlan> found = plans_.find(net_, r);
    if (found && !found->enough) found.reset();
    return found;
  }
  // Returns the strategy of the request, over links.
  std::string own_strategy() const {
    return request_.strategy.empty() ? "auto" : request_.strategy;
  }
  // Returns the --strategy flag that the plan needs besides, if any.
  static std::string strategy_flag(const std::string& what,
                                   const std::string& asked) {
    if (asked.empty()) return "";
    return (what.starts_with("--") ? " --strategy " : " with --strategy ") +
           asked;
  }
  void add(const std::string& what, const QuickPlan& found) {
    const bool linked = request_.over_links();
    const std::string flag = linked ? strategy_flag(what, found.asked) : "";
    lines_.push_back(what + flag + ": " + cost_text(found, linked));
  }

  const Net& net_;
  const PlanRequest& request_;
  const SmallerNet& smaller_;
  std::vector<std::string> lines_;
  QuickPlans plans_{tuning::kFixWork};
};

}  // namespace

std::vector<std::string> find_fixes(const Net& net, const PlanRequest& request,
                                    const SmallerNet& smaller) {
  return Fixes(net, request, smaller).lines();
}

}  // namespace shoal
