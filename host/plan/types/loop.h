// Loops: layers that fire as one, for a group of the channels between them at a
// time. A firing makes a band of the last layer's rows, its sums are held until
// the last group; rows of the others that two bands need are made twice.
#pragma once

#include <cstdint>
#include <vector>

#include "device/program/geometry.h"
#include "host/lower/net.h"
#include "host/plan/types/plan.h"

namespace shoal {

// Rows that an actor of a loop makes, at most in a firing, and in a frame.
struct LoopRows {
  int most = 0;
  int64_t all = 0;
};
// Returns the rows by actor, from the actors' rules.
std::vector<LoopRows> loop_rows(const std::vector<RowRule>&, int band);
// Returns the same of a loop in a stage.
std::vector<LoopRows> loop_rows(const Net&, const PlanStage&, const PlanLoop&);

// A layer in a loop before there is a stage: all rows and channels of its
// output, some columns.
struct LoopLayer {
  const Layer* layer = nullptr;
  Box made;
};
using LoopLayers = std::vector<LoopLayer>;
// Returns those that a layer of a net with loops stands for.
LoopLayers loop_layers(const Layer&);
std::vector<LoopRows> loop_rows(const LoopLayers&, int band);

// Returns where the groups of `channels` channels, which the first layer of a
// loop makes, begin and end; of a depthwise layer, where those of an input
// channel do.
std::vector<int> loop_bounds(const Layer& first, int channels, int groups);
// Returns the channels of the largest group.
int widest_group(const std::vector<int>& bounds);
// Returns the rows that private buffers need for a band, by actor but the last,
// whose band it is.
std::vector<int> loop_slots(const LoopLayers&, int band);
// Returns the bytes of sums and private buffers.
uint32_t loop_bytes(const LoopLayers&, int groups, int band);

}  // namespace shoal
