// The independent judge of plans: derives from the Net alone what a plan must
// do, and refuses it where it does not. Shares only the plan's types with the
// planner; has its own rules for windows, rows and lifetimes.
#pragma once

#include <string>
#include <vector>

#include "host/plan/types/plan.h"

namespace shoal {

// Returns every way in which the plan is wrong, one line each; empty: it is
// right.
std::vector<std::string> check(const Net&, const Plan&);

}  // namespace shoal
