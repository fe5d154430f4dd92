// A node without links: cuts, bands and overlays, weights from flash or
// storage, and, as the last resort, activations through storage.
#pragma once

#include <memory>

#include "host/lower/net.h"
#include "host/plan/search/search.h"

namespace shoal {

// Net and request must outlive it.
std::unique_ptr<Search> node_search(const Net&, const PlanRequest&);

}  // namespace shoal
