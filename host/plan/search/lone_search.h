// One node of a cluster that has all layers, while the others have no share:
// planned as a node alone with links is, by the same search.
#pragma once

#include <memory>
#include <vector>

#include "host/plan/search/search.h"

namespace shoal {

// `node`: of the request. Its plans have all nodes.
SearchOrMisfit lone_search(const Net&, const PlanRequest&, int node);

// How linked_search() plans such a node besides: over slow links what it
// computes while rows come counts for more than what it saves once it has them.
std::vector<SearchOptions> streamed_ways();

}  // namespace shoal
