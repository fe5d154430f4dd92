// Tiles of a net that several nodes share: turns cuts of the given net, from a
// file or a search, into cuts of its net of tiles. Within a tile, nodes have
// the rows and channels that they would have of the whole layer, and the same
// part of its columns.
#pragma once

#include <vector>

#include "host/plan/cuts/cuts.h"
#include "host/plan/draft/tile_net.h"
#include "host/plan/types/misfit.h"

namespace shoal {

// Returns the runs of Cuts::tiles. Throws Error(kUsage) for layers that cannot
// be made in tiles, or not without rows of an input that come again (`replay`).
OrMisfit<std::vector<TileRun>> tile_runs(const Net&, const Cuts&, bool replay);

// Returns these cuts for the layers of `tiles`, whose runs keep no columns. A
// segment ends behind each tile.
Cuts tile_cuts(const Net&, const TileNet& tiles, const Cuts&);

}  // namespace shoal
