// What to do where a built plan's programs take more flash than their nodes
// have, of which searches only keep an estimate for tables.
#pragma once

#include <optional>

#include "host/lower/net.h"
#include "host/plan/types/plan.h"
#include "host/plan/types/request.h"

namespace shoal {

// Whether a node's program exceeds its flash.
bool exceeds_flash(const Net&, const Cluster&, const Plan&);

// The request with twice as many bytes less of weights in the flash of such
// nodes as their programs exceed it by; none where they cannot come from
// storage, or none are left.
std::optional<PlanRequest> less_in_flash(const Net&, const PlanRequest&,
                                         const Plan&);

}  // namespace shoal
