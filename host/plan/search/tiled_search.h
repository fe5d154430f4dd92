// Searches plans of several nodes with runs of layers in tiles (Cuts::tiles):
// the search over segments for the net of these tiles
// (host/plan/draft/tile_net.h), whose layers are cut as those of the given net.
#pragma once

#include <memory>

#include "host/plan/search/search.h"

namespace shoal {

// Returns a misfit if these layers cannot be made in tiles.
SearchOrMisfit tiled_search(const Net&, const PlanRequest&, const Cuts&,
                            const SearchOptions&);

}  // namespace shoal
