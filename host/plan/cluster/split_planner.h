// Plans a net for several nodes, given the cut of every layer: which layers
// form a segment (executed as one pipeline by all nodes that have a share of
// it), what is computed twice and what is exchanged, rings, addresses.
#pragma once

#include <optional>

#include "host/plan/cuts/cuts.h"
#include "host/plan/single/planner.h"

namespace shoal {

struct SplitOptions {
  Objective objective = Objective::kLatency;
  uint32_t max_payload = 1472;  // of the links' datagrams
};

// A linked plan. Throws Error(kDoesNotFit) with the node, the layer, the
// bytes and the smallest change that would fit.
Plan make_split_plan(const Net&, const Cluster&, const Cuts&,
                     const SplitOptions&);

}  // namespace shoal
