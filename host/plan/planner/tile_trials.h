// Chooses tiles for several nodes, where memory is short: which of the first
// layers are made in tiles, and in how many. Estimates of searches over
// segments decide; no plan is built.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "host/plan/planner/trials.h"
#include "host/plan/types/request.h"

namespace shoal {

// The cuts that trials with tiles combine.
struct TileBases {
  std::vector<Cuts> within;   // cuts of layers in tiles
  std::vector<Trial> behind;  // cuts of the layers behind them
  Cuts outputs;               // cuts of the last of those layers
  std::vector<int> ends;      // where a run of layers may end
};

// Returns trials, the most promising first: by the request's objective, or by
// the smallest arena if no estimate fits. The number of estimates is bounded.
// `most`: for the smallest arena, larger estimates are left out.
// `memo`: of the net.
std::vector<Trial> tile_trials(const Net&, const PlanRequest&, const TileBases&,
                               double most, SegmentMemo& memo);

// Returns an estimate of the smallest arena with tiles, from the first
// estimates of tile_trials() alone. A value above `most` is a lower bound.
// None: no layers can be made in tiles.
std::optional<int64_t> least_in_tiles(const Net&, const PlanRequest&,
                                      const TileBases&, int64_t most,
                                      SegmentMemo&);

}  // namespace shoal
