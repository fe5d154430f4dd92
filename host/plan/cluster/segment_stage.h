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
// Rows that a loop's layers make for a band of the last one, layer by layer.
std::vector<int> loop_rows(const SplitNet&, const SplitNet::Loop&,
                           const MadeBoxes&, int node, int band);
// Channels of the first layer's output in each turn of a loop: bounds.
std::vector<int> loop_bounds(const SplitNet::Loop&, const Box& made);

struct SplitStages {
  Plan plan;  // nodes with stages, and streams
  // By node, stage and buffer: its home, or -1 for rings of the stage.
  std::vector<std::vector<std::vector<int>>> homes;
};

SplitStages make_split_stages(const SplitNet&, const SplitChoice&,
                              const MadeBoxes&, const Exchange&);

}  // namespace shoal
