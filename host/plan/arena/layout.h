// The fixed parts of a node's arena, and what its stages hold behind them.
#pragma once

#include <cstdint>
#include <vector>

#include "device/program/link_layout.h"
#include "host/plan/types/stream_table.h"

namespace shoal {

// Bytes of the fixed parts for these stages, and of sets of weights that stay;
// if the image is not mapped, the head and the largest record lie there too.
PlanLayout make_layout(const Net&, const std::vector<PlanStage>&, bool mapped,
                       const LinkCounts& link = {}, uint32_t keep_bytes = 0);

// Gives the node another layout: all that lies behind the fixed parts moves
// with their end, sets that stay with their begin.
void set_layout(const Net&, const PlanLayout&, PlanNode&);

// Bytes of the arena, from `lo` to before `hi`.
struct ArenaRange {
  int64_t lo = 0, hi = 0;
  int64_t bytes() const { return hi - lo; }
};
// What is alive in a stage besides its slots and sets of weights.
std::vector<ArenaRange> alive_ranges(const PlanNode&, int stage);

// Says how much of the arena the node and each of its stages need.
void measure_arena(const Net&, PlanNode&);

}  // namespace shoal
