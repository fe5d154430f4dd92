// Loops: layers that fire as one, for a group of the channels between them at a
// time. A firing makes a band of the last layer's rows, whose sums are held
// until the last group. Rows of the other layers that two bands need are made
// twice. The choice of a loop is a BlockChoice with groups.
#pragma once

#include <cstdint>
#include <vector>

#include "device/program/geometry.h"
#include "host/lower/net.h"
#include "host/plan/types/layer_cuts.h"
#include "host/plan/types/plan.h"
#include "host/plan/types/uses.h"

namespace shoal {

// The rows that an actor of a loop makes: the most in a firing, and all in a
// frame.
struct LoopRows {
  int most = 0;
  int64_t all = 0;
};
// A layer of a loop, and the boxes that it reads and makes.
struct LoopLayer {
  const Layer* layer = nullptr;
  Box read, made;
};
using LoopLayers = std::vector<LoopLayer>;
// Returns the loop that a layer of a net with loops stands for.
LoopLayers loop_layers(const Layer&);
// Returns the layers of a loop's actors in a stage.
LoopLayers loop_layers(const Net&, const PlanStage&, const PlanLoop&);
// Returns the rules of rows, and the rows of each actor.
std::vector<RowRule> loop_rules(const LoopLayers&);
std::vector<LoopRows> loop_rows(const LoopLayers&, int band);

// Returns the bounds of groups of the `channels` channels that the first layer
// of a loop makes. If that is depthwise, they are those of its input channels.
std::vector<int> loop_bounds(const Layer& first, int channels, int groups);
// Returns the channels of the largest group.
int widest_group(const std::vector<int>& bounds);
// Returns the rows of private buffers for a band of the last actor, by actor
// except for the last.
std::vector<int> loop_slots(const LoopLayers&, int band);
// Returns the bytes of sums and private buffers.
uint32_t loop_bytes(const LoopLayers&, int groups, int band);

// Returns behind which layer, before `end`, a run ends that begins with this
// layer and can be a loop: a convolution or a depthwise one, depthwise ones and
// tables, a convolution, each the only reader of the one before. -1: there is
// no such run.
int loop_end(const Net&, const std::vector<TensorUses>&, int begin, int end);

// Returns the loops among the layers [begin, end), one behind the other.
// `loop_from` returns the one that begins with a layer or soon behind it; its
// end is -1 if there is none.
template <class LoopFrom>
std::vector<BlockChoice> find_loops(int begin, int end, LoopFrom loop_from) {
  std::vector<BlockChoice> loops;
  for (int l = begin; l < end; ++l) {
    const BlockChoice loop = loop_from(l);
    if (loop.end < 0) continue;
    loops.push_back(loop);
    l = loop.end - 1;
  }
  return loops;
}

// Cuts the weights of a loop's actors into chunks: groups of what each turn
// makes or, for the last actor, parts of what it reads.
void set_loop_weights(const Net&, const PlanLoop&, PlanStage&);

// Sets the rows that each actor of a loop makes for a band of the last one, and
// the private rings and sums that follow from them.
void set_loop(const Net&, int band, PlanLoop&, PlanStage&);

}  // namespace shoal
