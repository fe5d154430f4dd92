// A time below which no plan with these cuts can be: what one node's core must
// do of it. To leave out what cannot be better, without costing a segment.
#pragma once

#include <cstdint>

#include "host/lower/net.h"
#include "host/plan/types/layer_cuts.h"
#include "host/plan/types/request.h"

namespace shoal {

// Each node makes its own boxes at least, and is sent the channels that it
// reads and does not own: in a segment nodes compute rows and columns a second
// time, never other channels.
int64_t least_ps(const Net&, const PlanRequest&, const Cuts&);

}  // namespace shoal
