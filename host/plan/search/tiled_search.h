// Runs of layers that several nodes make in tiles (Cuts::tiles): the search
// over segments of the net of these tiles (host/plan/draft/tile_net.h), whose
// layers are cut as those of the given net are.
#pragma once

#include <memory>

#include "host/plan/search/search.h"

namespace shoal {

// A misfit if layers cannot be made so.
SearchOrMisfit tiled_search(const Net&, const PlanRequest&, const Cuts&,
                            const SearchOptions&);

}  // namespace shoal
