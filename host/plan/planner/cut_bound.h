// Lower bounds on the time and the traffic of any plan with given cuts: the
// work of one node's core, and what nodes must send each other. They rule cuts
// out without costing a segment.
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
// Plans round each firing to whole nanoseconds. So a bound rules a time out
// only if it exceeds it by this factor.
inline constexpr double kRounding = 1.01;

// Each node makes at least its own boxes, and receives the channels that it
// reads and does not own: within a segment nodes may compute rows and columns
// twice, but never other nodes' channels.
CutBound cut_bound(const Net&, const PlanRequest&, const Cuts&);

}  // namespace shoal
