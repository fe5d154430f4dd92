// The fixed parts of a node's arena, and what its stages hold behind them.
#pragma once

#include <cstdint>
#include <vector>

#include "device/program/link_layout.h"
#include "host/plan/types/stream_table.h"

namespace shoal {

// Returns the fixed parts for these stages and for `keep_bytes` of sets that
// stay. If the image is not `mapped`, they include the head and the largest
// record. `ends`: for a linked plan, of the node's stages, whose rows do not
// cross the C API, also if it has no share; null: the plan is not linked.
// `int4_room`: bytes for unpacked weights of four bits, if more than the least.
PlanLayout make_layout(const Net&, const std::vector<PlanStage>&, bool mapped,
                       const LinkCounts& link = {}, uint32_t keep_bytes = 0,
                       const std::vector<StageEnds>* ends = nullptr,
                       uint32_t int4_room = 0);

// Bytes of the arena, [lo, hi). Before a node is laid out, they count from the
// end of the fixed parts.
struct ArenaRange {
  int64_t lo = 0, hi = 0;
  int64_t bytes() const { return hi - lo; }
};
// Returns the ranges that are alive in a stage, except for its slots, its sets
// of weights and the variables.
std::vector<ArenaRange> alive_ranges(const PlanNode&, int stage);

// The last step for a node: addresses then count from the start of the arena,
// and those of sets that stay from their place in the layout. Variables get
// their places, and node and stages their sizes.
void lay_out(const Net&, const PlanLayout&, PlanNode&);

}  // namespace shoal
