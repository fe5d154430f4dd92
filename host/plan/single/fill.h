// Spends what the arena has left on storage: more and larger slots, and sets
// of weights that stay in SRAM, for their stage or for good; whatever saves
// the most simulated time. Nothing else of the plan changes, but that all of
// it moves up behind the sets that stay.
#pragma once

#include "host/plan/cost/feed.h"

namespace shoal {

// Fills the arena of a built node up to `budget` bytes, or less if nothing is
// gained by more.
void fill_arena(const Net&, const Supply&, int64_t budget, PlanNode&);

}  // namespace shoal
