// The time below which no plan of the net on these nodes can be, by any cut:
// work over all nodes' rates, weights once out of flash or storage but for
// what arenas can keep, the picture and the result over links.
// design/plans.md has the proof.
#pragma once

#include "device/port/payload.h"
#include "host/lower/net.h"
#include "host/plan/types/cluster.h"
#include "host/plan/types/lower_bound.h"
#include "host/plan/types/plan.h"

namespace shoal {

struct BoundOptions {
  bool linked = false;
  uint32_t max_payload = kUdpPayload;
  bool encrypted = true;  // what goes over links
};

LowerBound lower_bound(const Net&, const Cluster&, const BoundOptions&);

// The same, and of each node of the plan the time of its own share: MACs and
// elements, its weights once, its rows over the link.
LowerBound plan_bound(const Net&, const Cluster&, const BoundOptions&,
                      const Plan&);

}  // namespace shoal
