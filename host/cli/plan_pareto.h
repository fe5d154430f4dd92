// The front of arena, time and traffic (--pareto), as a table, as CSV and as
// one page with drawings.
#pragma once

#include "host/cli/commands.h"
#include "host/lower/net.h"
#include "host/plan/types/request.h"

namespace shoal {

// Throws Error(kUsage) for a file that is neither .csv nor .html.
void check_pareto_file(const std::string& path);
int plan_pareto(const PlanCommandFlags&, const Net&, const PlanRequest&);

}  // namespace shoal
