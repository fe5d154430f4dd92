// How many ranges of bytes behind gaps the in-streams of each node may have:
// what is lost or overtaken then holds up nobody but who waits for just that.
// It costs arena and nothing else, so it is given last, of what is left.
#pragma once

#include <cstdint>
#include <vector>

#include "host/plan/types/plan.h"

namespace shoal {

// The coordinator has twice as many segments on their way as kWindow, and
// every second of them may be missing.
inline constexpr int kGaps = 8;

// Each node as many as its budget has room for, up to kGaps. Whether all got so
// many.
bool give_gaps(const Net&, Plan&, const std::vector<int64_t>& budgets);

}  // namespace shoal
