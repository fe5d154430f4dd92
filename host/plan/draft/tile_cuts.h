// Tiles of a net that several nodes share: what a file of cuts or a search
// says of the given net, as cuts of the net of its tiles. Within a tile nodes
// have the rows and channels that they would have of the whole layer, and as
// large a part of its columns.
#pragma once

#include <vector>

#include "host/plan/cuts/cuts.h"
#include "host/plan/draft/tile_net.h"
#include "host/plan/types/misfit.h"

namespace shoal {

// Returns the runs of Cuts::tiles. Throws Error(kUsage) for layers that cannot
// be made in tiles, or not without rows of an input that come again (`replay`).
OrMisfit<std::vector<TileRun>> tile_runs(const Net&, const Cuts&, bool replay);

// Returns the same cuts of the layers of `tiles`, whose runs keep no columns; a
// segment ends behind each tile.
Cuts tile_cuts(const Net&, const TileNet& tiles, const Cuts&);

}  // namespace shoal
