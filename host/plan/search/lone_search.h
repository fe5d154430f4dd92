// Plans one node of a cluster that computes all layers, while the others have
// no share. The search is that of a single node with links.
#pragma once

#include <memory>
#include <vector>

#include "host/plan/search/search.h"

namespace shoal {

// `node` is a node of the request. The plans have all nodes of the cluster.
SearchOrMisfit lone_search(const Net&, const PlanRequest&, int node);

// Further options with which linked_search() plans such a node. Over slow
// links, computing while rows arrive can save more than the faster bands of a
// single node do.
std::vector<SearchOptions> streamed_ways();

}  // namespace shoal
