// Plans that answer "would that do?": many are made for one answer, so each is
// found by a part of the search that the request itself would get.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "host/plan/planner/plan_numbers.h"

namespace shoal {

struct QuickPlan {
  PlanNumbers numbers;
  std::string asked;     // as --strategy takes it; empty: nothing else
  std::string strategy;  // what the plan says of itself
  bool enough = false;   // within limits; budgets it keeps anyway
  bool or_less = false;  // of its time: the request's own search finds as good
  int64_t spilled = 0;
};

class QuickPlans {
 public:
  // `work`: layers of nodes that may be planned, weighted by what a strategy
  // takes for one and by their rows; some 1,500 a second. So an answer has an
  // end that does not depend on the computer.
  explicit QuickPlans(int64_t work) : left_(work) {}

  // By the request's own strategy, for the least time whatever its objective
  // is; if it leaves the cuts to the search by what that begins with. None: no
  // plan was found, or a bound forbids its limits, or there is nothing left.
  std::optional<QuickPlan> find(const Net&, const PlanRequest&);
  // For the smallest arena; without regard to limits.
  std::optional<QuickPlan> find_smallest(const Net&, const PlanRequest&);
  // By one of these strategies: the first that is enough, else the best.
  std::optional<QuickPlan> find(const Net&, PlanRequest,
                                const std::vector<std::string>& names);

  // No more plans; also when the thread's PlanDeadline has passed.
  bool used_up() const;

 private:
  bool take(const Net&, const PlanRequest&, const std::string& name);
  std::optional<QuickPlan> make(const Net&, const PlanRequest&,
                                const std::string& name);

  int64_t left_;
};

// What --strategy takes over nodes, by what a plan costs.
std::vector<std::string> cheapest_first();

// The proved least time of a frame, if it is beyond the request's limit.
std::optional<double> forbidding_bound_s(const Net&, const PlanRequest&);

}  // namespace shoal
