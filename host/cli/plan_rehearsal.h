// A finished plan's frames a second and energy, for `shoal plan`.
#pragma once

#include "host/lower/net.h"
#include "host/plan/text/plan_figures.h"
#include "host/plan/types/plan.h"

namespace shoal {

// Where nodes may work on different frames, or frames a second are the
// objective, they follow each other closely in a rehearsal; else one begins
// when the other has ended.
PlanFigures figures_of(const Net&, const PlanRequest&, const Plan&);

// Returns whether the plan is compared with whole frames on each node alone.
bool wants_replicas(const PlanRequest&);

}  // namespace shoal
