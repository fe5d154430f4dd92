// The time model: what a layer, a stage and a node cost on a board.
//
//   compute  MACs * cycles per MAC of the kernel, or bytes * cycles per
//            element for the operators without MACs
//   firings  each costs the runtime a constant
//   flash    every firing of a layer reads the layer's weights, unless they
//            stay in the cache from one firing to the next; from a tape a
//            chunk is read whenever another one was read since
//
// Sums are kept in whole picoseconds, so that equal plans compare equal.
#pragma once

#include <cstdint>

#include "host/board/board.h"
#include "host/plan/plan.h"
#include "host/plan/uses.h"

namespace shoal {

struct LayerTime {
  int64_t compute_ps = 0, flash_ps = 0, firing_ps = 0;
  int64_t weight_read_bytes = 0, firings = 0;
  int64_t total_ps() const { return compute_ps + flash_ps + firing_ps; }
};

// Weights, bias, multipliers and shifts as they lie in the image.
int64_t weight_bytes(const Layer&);
LayerTime layer_time(const Net&, int layer, LayerWork, const Board&);
// All layers of a stage. What comes from a tape is counted as it is read.
LayerTime stage_time(const Net&, const PlanStage&, const Board&);
// Fills the modelled numbers of every stage, of the node and of the plan.
void model_time(const Net&, const Board&, Plan&);

}  // namespace shoal
