// Cuts firings into slices after which a node looks at its link, and says how
// long the longest one keeps it away.
#pragma once

#include "host/plan/types/cluster.h"
#include "host/plan/types/plan.h"

namespace shoal {

void set_slices(const Net&, const Cluster&, Plan&);

}  // namespace shoal
