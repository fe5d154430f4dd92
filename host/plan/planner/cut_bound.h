// A time and a traffic below which no plan with these cuts can be: what one
// node's core must do of it, and what nodes must send each other. To leave out
// what cannot be better, without costing a segment.
#pragma once

#include <cstdint>

#include "host/lower/net.h"
#include "host/plan/types/layer_cuts.h"
#include "host/plan/types/request.h"

namespace shoal {

struct CutBound {
  int64_t ps = 0;
  int64_t sent_bytes = 0;  // between nodes
};
// Whole nanoseconds of all firings are rounded: a plan is beyond a time if the
// bound is by this factor.
inline constexpr double kRounding = 1.01;

// Each node makes its own boxes at least, and is sent the channels that it
// reads and does not own: in a segment nodes compute rows and columns a second
// time, never other channels.
CutBound cut_bound(const Net&, const PlanRequest&, const Cuts&);

}  // namespace shoal
