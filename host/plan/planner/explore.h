// Explores many plans of one request: each strategy, fewer and fewer nodes,
// smaller and smaller arenas. The searches below only know the least time and
// the smallest arena. For all other goals (traffic, energy, frames a second,
// limits) the best of their plans is taken.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "host/plan/planner/plan_numbers.h"
#include "host/plan/types/misfit.h"

namespace shoal {

struct PlanTrial {
  std::string strategy;
  bool says_nodes = false;     // `strategy` names the number of nodes
  int nodes = 0;               // that may have a share
  std::optional<int64_t> ram;  // budget of each node, if below its own
  PlanNumbers numbers;
  bool keeps_limits = false;
  std::string text() const;  // "kernel on 4 nodes, arenas to 65,536 B"
};

struct Exploration {
  std::vector<PlanTrial> trials;  // in the order in which they were tried
  // The best plan by the request's objective within its limits, if there is
  // one.
  std::optional<Plan> best;
  size_t best_trial = 0;
  std::optional<Misfit> refused;  // misfit of the first trial without a plan
  bool in_time = true;            // false: --plan-seconds ended it
};

struct ExploreOptions {
  int budgets = 2;  // tried between the smallest arena and the fastest plan's
  // Only tries what comes near the least time and near the least traffic.
  bool brief = false;
  // Also tries what cannot be better by the request's objective and limits.
  bool all = false;
  bool traffic = false;  // also tries plans that send less
  // The best plan without limits, if it is known and does not keep them. It
  // must outlive the exploration.
  const Plan* without_limits = nullptr;
};

// The result depends on time only if a deadline ends the exploration.
Exploration explore(const Net&, const PlanRequest&, const ExploreOptions&);

// Returns whether arena, time and traffic are equal.
bool same_point(const PlanTrial&, const PlanTrial&);
// Returns the first of each set of equal trials, in their order.
std::vector<PlanTrial> distinct(const std::vector<PlanTrial>&);
// Returns the trials that no other one beats in arena, time and traffic
// together, the smallest arena first. Of equal trials the first is kept.
std::vector<PlanTrial> pareto_front(const std::vector<PlanTrial>&);

}  // namespace shoal
