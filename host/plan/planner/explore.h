// Many plans of one request: every strategy, fewer and fewer nodes, smaller and
// smaller arenas. The searches below know the least time and the smallest
// arena; whatever else counts (traffic, energy, frames a second, limits) is
// decided among what they find.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "host/plan/planner/plan_numbers.h"
#include "host/plan/types/misfit.h"

namespace shoal {

struct PlanTrial {
  std::string strategy;
  bool says_nodes = false;     // `strategy` says on how many nodes
  int nodes = 0;               // that might take part
  std::optional<int64_t> ram;  // of each, below its own budget
  PlanNumbers numbers;
  bool keeps_limits = false;
  std::string text() const;  // "kernel on 4 nodes, arenas to 65,536 B"
};

struct Exploration {
  std::vector<PlanTrial> trials;  // in the order in which they were tried
  // By the request's objective, of those within its limits; none: no trial is.
  std::optional<Plan> best;
  size_t best_trial = 0;
  std::optional<Misfit> refused;  // why the first one that was none is none
  bool in_time = true;            // false: --plan-seconds ended it
};

struct ExploreOptions {
  int budgets = 2;  // between the smallest arena and that of the least time
  // What comes near the least time, and near the least traffic, alone.
  bool brief = false;
  // Not only what may be better by the request's objective and limits.
  bool all = false;
  bool traffic = false;  // plans that send less, whatever the request says
};

// Deterministic but for a deadline.
Exploration explore(const Net&, const PlanRequest&, const ExploreOptions&);

// Alike in arena, time and traffic.
bool same_point(const PlanTrial&, const PlanTrial&);
// The first of each that are alike, in their order.
std::vector<PlanTrial> distinct(const std::vector<PlanTrial>&);
// Trials that no other one beats in arena, time and traffic together, smallest
// arena first; of equal ones the first.
std::vector<PlanTrial> pareto_front(const std::vector<PlanTrial>&);

}  // namespace shoal
