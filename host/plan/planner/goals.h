// Objectives and limits beyond what one search knows: traffic, energy, frames a
// second, the most time and traffic of a frame.
#pragma once

#include <string>

#include "host/plan/planner/explore.h"
#include "host/plan/types/misfit.h"

namespace shoal {

// Whether a request needs more than one search.
bool has_goals(const PlanRequest&);

// The best plan by the objective within all limits; else what is missing, the
// proven bound where that forbids it, and the smallest change that was found to
// help. Throws Error(kUsage) for an objective that boards have no figures for.
OrMisfit<Plan> goal_plan(const Net&, const PlanRequest&);

// Adds another change that is enough, with what was planned so.
Misfit or_else(Misfit, const std::string& change, const PlanNumbers&,
               const std::string& strategy);

// Why none of the trials is within the limits, and the smallest change of one
// limit.
Misfit limits_not_kept(const Net&, const PlanRequest&, const Exploration&);

}  // namespace shoal
