// A lower bound on the frame time of any plan of the net on these nodes: the
// work at the rates of all nodes together, one read of each weight that arenas
// cannot keep, and the picture and the result over links. design/plans.md has
// the proof.
#pragma once

#include <cstdint>

#include "device/port/payload.h"
#include "host/lower/net.h"
#include "host/plan/types/cluster.h"
#include "host/plan/types/layer_cuts.h"
#include "host/plan/types/lower_bound.h"
#include "host/plan/types/plan.h"
#include "host/plan/types/request.h"

namespace shoal {

struct BoundOptions {
  bool linked = false;
  uint32_t max_payload = kUdpPayload;
  bool encrypted = true;  // true if links are encrypted
};

LowerBound lower_bound(const Net&, const Cluster&, const BoundOptions&);
// Returns the bound of plans of this request, with encrypted links if it has
// any.
LowerBound lower_bound(const Net&, const PlanRequest&);

// Returns the same bound and, for each node of the plan, the time of its own
// share: MACs and elements, one read of its weights, its rows over the link.
LowerBound plan_bound(const Net&, const Cluster&, const BoundOptions&,
                      const Plan&);

// Lower bounds on the time and the traffic of any plan with given cuts: the
// work of one node's core, and what nodes must send each other. They rule cuts
// out without costing a segment.
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
