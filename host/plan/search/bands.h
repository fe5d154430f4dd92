// Spends the bytes that a stage has left on higher bands, where they save the
// most time per byte: layers fire less often and read their weights less often.
#pragma once

#include <cstdint>

#include "host/plan/cost/feed.h"
#include "host/plan/draft/draft.h"
#include "host/plan/search/survey.h"

namespace shoal {

// Raises the bands of stage `stage`, with its slots and the lead of its
// overlay, as long as the stage takes no more than `percent` of what it leaves
// of `room` bytes.
void raise_bands(const Net&, const Supply&, const Survey&, Choice&,
                 size_t stage, int64_t room, int percent);

}  // namespace shoal
