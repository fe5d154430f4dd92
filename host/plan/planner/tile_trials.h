// Which first layers several nodes make in tiles, and in how many, where memory
// is short: found by the estimates of searches over segments, for which no
// plan is built.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "host/plan/planner/trials.h"
#include "host/plan/types/request.h"

namespace shoal {

// What they are made of.
struct TileBases {
  std::vector<Cuts> within;   // how layers in tiles may be cut
  std::vector<Trial> behind;  // those behind them
  Cuts outputs;               // the last of those
  std::vector<int> ends;      // behind which layers a run may end
};

// The most promising first: for the request's objective, or, where nothing is
// taken to fit, for the smallest arena. The number of estimates is bounded.
// `most`: larger arenas are of no use, where the smallest is asked for.
std::vector<Trial> tile_trials(const Net&, const PlanRequest&, const TileBases&,
                               double most);

// What the smallest arena with tiles may take, by the first of these estimates;
// more than `most`: at least so much. None: nothing can be made so.
std::optional<int64_t> least_in_tiles(const Net&, const PlanRequest&,
                                      const TileBases&, int64_t most);

}  // namespace shoal
