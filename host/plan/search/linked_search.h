// Nodes with links, given the cut of every layer: which layers form a segment
// (executed as one pipeline by all nodes that have a share of it), what is
// computed twice and what is exchanged.
#pragma once

#include <memory>

#include "host/lower/net.h"
#include "host/plan/search/search.h"
#include "host/plan/types/layer_cuts.h"

namespace shoal {

// Net and request must outlive it.
std::unique_ptr<Search> linked_search(const Net&, const PlanRequest&, Cuts);

}  // namespace shoal
