// Quick plans show whether a changed request would be possible. One answer
// takes many of them, so each is found by a part of the search that the request
// itself would get.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "host/plan/planner/plan_numbers.h"

namespace shoal {

struct QuickPlan {
  PlanNumbers numbers;
  std::string asked;     // value for --strategy; empty: none is needed
  std::string strategy;  // what the plan says of itself
  bool enough = false;   // within limits; budgets are always kept
  bool or_less = false;  // the request's own search is at least as fast
  int64_t spilled = 0;
};

class QuickPlans {
 public:
  // `work`: bounds the planning, so that answers do not depend on the computer.
  // The unit is a layer on a node, weighted by the layer's rows and by what the
  // strategy takes for it.
  explicit QuickPlans(int64_t work) : left_(work) {}

  // Plans for the least time, whatever the objective, by the request's own
  // strategy, or by the first parts of the search if the request leaves the
  // cuts to it. Returns none if no plan was found, a bound rules the limits
  // out, or the work is used up.
  std::optional<QuickPlan> find(const Net&, const PlanRequest&);
  // Plans for the smallest arena, without regard to limits.
  std::optional<QuickPlan> find_smallest(const Net&, const PlanRequest&);
  // Plans by each of these strategies. Returns the first plan that is enough,
  // else the best.
  std::optional<QuickPlan> find(const Net&, PlanRequest,
                                const std::vector<std::string>& names);

  // Returns whether no more plans are allowed: the work is used up, or the
  // thread's PlanDeadline has passed.
  bool used_up() const;

 private:
  bool take(const Net&, const PlanRequest&, const std::string& name);
  std::optional<QuickPlan> make(const Net&, const PlanRequest&,
                                const std::string& name);
  // Returns the best by the request's objective; stops at `enough`, the first
  // one within limits.
  std::optional<QuickPlan> best_of(const Net&, const PlanRequest&,
                                   const std::vector<std::string>& names,
                                   bool enough);

  int64_t left_;
};

// Returns the strategies for several nodes, the cheapest to plan first.
std::vector<std::string> cheapest_first();

// Returns the proven least time of a frame if it exceeds the request's limit.
std::optional<double> forbidding_bound_s(const Net&, const PlanRequest&);

// Returns the request for `count` nodes with links: its own ones, then copies
// of its last one.
PlanRequest with_nodes(const PlanRequest&, int count);

// The smallest number of nodes, up to `most`, with a plan within budgets and
// limits; when QuickPlans is used up, the smallest that was found until then.
// `thorough`: the whole search is made where the request leaves the cuts to it
// and a quick plan comes near the limits.
struct FewestNodes {
  int nodes = 0;  // 0: none
  struct Try {
    int nodes = 0;
    std::optional<QuickPlan> best;  // none: no plan fits
    std::optional<double> bound_s;  // the proven least time, if it is too long
    bool enough() const { return best && best->enough; }
  };
  std::vector<Try> tries;  // by number of nodes
};
FewestNodes fewest_nodes(const Net&, const PlanRequest&, int from, int most,
                         QuickPlans&, bool thorough = false);
inline constexpr int kMostTriedNodes = 64;

}  // namespace shoal
