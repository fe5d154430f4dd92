// Objectives and limits beyond those that one search knows: traffic, energy,
// frames a second, the most time and traffic of a frame.
#pragma once

#include <string>

#include "host/plan/planner/explore.h"
#include "host/plan/types/misfit.h"

namespace shoal {

// Returns whether a request needs more than one search.
bool has_goals(const PlanRequest&);

// Returns the best plan by the objective within all limits. The misfit says
// what is missing, the proven bound if that rules the limits out, and the
// smallest change that was found to help. Throws Error(kUsage) for an objective
// for which boards have no figures.
OrMisfit<Plan> goal_plan(const Net&, const PlanRequest&);

// Adds another change that is enough, with the numbers and the strategy of the
// plan that it allows.
Misfit or_else(Misfit, const std::string& change, const PlanNumbers&,
               const std::string& strategy);

// Returns the misfit of a request if no trial is within its limits, with the
// smallest change of one limit.
Misfit limits_not_kept(const Net&, const PlanRequest&, const Exploration&);

}  // namespace shoal
