// A lower bound on the frame time of any plan of the net on these nodes: the
// work at the rates of all nodes together, one read of each weight that arenas
// cannot keep, and the picture and the result over links. design/plans.md has
// the proof.
#pragma once

#include "device/port/payload.h"
#include "host/lower/net.h"
#include "host/plan/types/cluster.h"
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

}  // namespace shoal
