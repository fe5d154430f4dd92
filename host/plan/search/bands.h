// Spends the bytes that a stage has left on higher bands, where they save the
// most time per byte: layers fire less often and read their weights less often.
#pragma once

#include <cstdint>

#include "host/plan/cost/feed.h"
#include "host/plan/draft/draft.h"
#include "host/plan/tokens/rings.h"

namespace shoal {

// Returns the bytes that are alive during a stage of the choice, including
// slots and weights in SRAM, less what an overlay saves.
int64_t stage_bytes(const Net&, const std::vector<TensorUses>&, const Choice&,
                    const StageChoice&);

// Raises the bands of stage `stage`, with its slots and the lead of its
// overlay, as long as the stage stays within `limit` bytes.
void raise_bands(const Net&, const std::vector<TensorUses>&, const Supply&,
                 SegmentSlots&, Choice&, size_t stage, int64_t limit);

}  // namespace shoal
