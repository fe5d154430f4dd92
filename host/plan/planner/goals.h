// Objectives and limits beyond what one search knows: traffic, energy, frames a
// second, the most time and traffic of a frame.
#pragma once

#include <exception>
#include <optional>

#include "host/plan/planner/explore.h"

namespace shoal {

// Whether a request needs more than one search.
bool has_goals(const PlanRequest&);

// The best plan by the objective within all limits. Throws Error(kDoesNotFit)
// with what is missing, the proven bound where that forbids it, and the
// smallest change that was found to help; Error(kUsage) for an objective that
// boards have no figures for.
Plan goal_plan(const Net&, const PlanRequest&);

// Of limits_not_kept(): how many times a limit the nearest plan takes; none: it
// is another error.
std::optional<double> times_beyond_limits(const std::exception_ptr&);

// That refusal, which must be of limits_not_kept(), and another change that is
// enough, with what was planned so.
std::exception_ptr or_else(const std::exception_ptr& refusal,
                           const std::string& change, const PlanNumbers&,
                           const std::string& strategy);

// Why none of the trials is within the limits, and the smallest change of one
// limit. Its error is Error(kDoesNotFit).
[[noreturn]] void limits_not_kept(const Net&, const PlanRequest&,
                                  const Exploration&);

}  // namespace shoal
