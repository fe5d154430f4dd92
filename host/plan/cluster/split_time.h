// Fills in what a linked plan states of time and traffic.
#pragma once

#include "host/plan/types/cluster.h"
#include "host/plan/types/plan.h"

namespace shoal {

// Seconds of stages and nodes, bytes sent and received, the plan's traffic and
// latency. A node takes for a stage what it computes and what its link takes,
// the longer of both where they overlap; a segment takes as long as its
// slowest node, then the next one begins.
void model_split_time(const Net&, const Cluster&, uint32_t max_payload, Plan&);

// Cuts firings into slices after which a node looks at its link, and says how
// long the longest one keeps it away.
void set_slices(const Net&, const Cluster&, Plan&);

}  // namespace shoal
