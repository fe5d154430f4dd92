// Spends what the arena has left on storage: more and larger slots, and sets
// of weights that stay in SRAM, for their stage or for good; whatever saves
// the most simulated time.
#pragma once

#include "host/plan/cost/feed.h"

namespace shoal {

inline constexpr int64_t kMostChunk = 256 * 1024;

// Of a placed node of `bytes` bytes, up to `room` or less if nothing is gained
// by more. Returns the bytes of the sets that stay, which lie before all else;
// nothing that was placed moves.
uint32_t fill_arena(const Net&, const Supply&, int64_t room, int64_t bytes,
                    PlanNode&);

}  // namespace shoal
