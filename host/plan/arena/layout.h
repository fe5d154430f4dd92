// The fixed parts of a node's arena, and what its stages hold behind them.
#pragma once

#include <cstdint>
#include <vector>

#include "device/program/link_layout.h"
#include "host/plan/types/stream_table.h"

namespace shoal {

// Returns the bytes of the fixed parts for these stages, and of sets of weights
// that stay; if the image is not mapped, the head and the largest record lie
// there too. `ends`: of the stages of a node of a linked plan, whose rows do
// not cross the C API, even if it has no share; null: of a plan that is not
// linked. `int4_room`: bytes for unpacked weights of four bits, if that is more
// than the least.
PlanLayout make_layout(const Net&, const std::vector<PlanStage>&, bool mapped,
                       const LinkCounts& link = {}, uint32_t keep_bytes = 0,
                       const std::vector<StageEnds>* ends = nullptr,
                       uint32_t int4_room = 0);

// Bytes of the arena, from `lo` to before `hi`; of a node that is not laid out
// they count from the end of the fixed parts.
struct ArenaRange {
  int64_t lo = 0, hi = 0;
  int64_t bytes() const { return hi - lo; }
};
// The ranges that are alive in a stage, besides its slots and sets of weights
// and the variables.
std::vector<ArenaRange> alive_ranges(const PlanNode&, int stage);
// Returns the largest end of all that is placed.
int64_t placed_end(const Net&, const PlanNode&);

// The last step of a node: from here on addresses count from the begin of the
// arena, those of sets that stay from where the layout has them; variables get
// theirs, node and stages their sizes.
void lay_out(const Net&, const PlanLayout&, PlanNode&);

}  // namespace shoal
