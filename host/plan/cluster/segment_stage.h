// From boxes, homes and gathers to the stages and streams of a plan, all
// buffers still held whole.
#pragma once

#include <vector>

#include "host/plan/cluster/exchange.h"
#include "host/plan/types/plan.h"

namespace shoal {

struct SplitChoice {
  Segments segments;
  // By segment: how often each layer fires a frame, at most.
  std::vector<int> passes;
};
inline constexpr int kOneRow = 1 << 16;  // as passes

// What a node fires of a layer.
LayerWork share_work(const SplitNet&, int layer, const Box& made, int passes);
// Bands of a stage whose layers fire so often at most, and what follows from
// them: parts, private sums, rows of loops.
void set_passes(const SplitNet&, int passes, PlanStage&);
// Channels of the first layer's output in each turn of a loop: bounds.
std::vector<int> loop_bounds(const SplitNet::Loop&, const Box& made);

struct SplitStages {
  Plan plan;  // nodes with stages, and streams
  // By node, stage and buffer: its home, or -1 for rings of the stage.
  std::vector<std::vector<std::vector<int>>> homes;
};

SplitStages make_split_stages(const SplitNet&, const SplitChoice&,
                              const MadeBoxes&, const Exchange&);
// The stages of one segment alone, from its exchange; passes are not set,
// ports not sorted. A node has one of them or none.
SplitStages make_draft(const SplitNet&, Segment, const MadeBoxes&,
                       const Exchange&);

}  // namespace shoal
