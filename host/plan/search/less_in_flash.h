// Handles plans whose programs exceed the flash of their nodes. Searches only
// estimate the size of tables, so this is known once a plan is built.
#pragma once

#include <optional>

#include "host/lower/net.h"
#include "host/plan/types/plan.h"
#include "host/plan/types/request.h"

namespace shoal {

// Returns whether the program of any node exceeds its flash.
bool exceeds_flash(const Net&, const Cluster&, const Plan&);

// Returns the request with fewer bytes of weights in the flash of such nodes:
// twice as many fewer as the programs exceed it by. None if the weights cannot
// come from storage, or no more can be moved.
std::optional<PlanRequest> less_in_flash(const Net&, const PlanRequest&,
                                         const Plan&);

}  // namespace shoal
