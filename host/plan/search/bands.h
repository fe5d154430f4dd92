// Spends what a stage has left of its budget on higher bands, where they save
// the most time per byte: fewer firings, fewer passes over the weights.
#pragma once

#include <cstdint>

#include "host/plan/cost/feed.h"
#include "host/plan/draft/draft.h"
#include "host/plan/tokens/rings.h"

namespace shoal {

// Bytes of all that is alive in a stage of the choice, slots and sets in SRAM
// with it, overlay considered.
int64_t stage_bytes(const Net&, const std::vector<TensorUses>&, const Choice&,
                    const StageChoice&);

// Raises bands in stage `stage` of the choice, and with them its slots and
// its overlay's lead, as long as its bytes stay within `limit`.
void raise_bands(const Net&, const std::vector<TensorUses>&, const Supply&,
                 SegmentSlots&, Choice&, size_t stage, int64_t limit);

}  // namespace shoal
