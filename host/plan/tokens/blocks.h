// A segment falls apart where all that goes on is one tensor with one writer.
// The layers before it make that tensor's rows one after the other, no matter
// when they are wanted; those behind it find them whenever they want them. So
// what rings hold in one block does not depend on the bands of another, and a
// search that changes one layer at a time need look at its block alone. Layers
// that share no rows at all, such as those of the frames of a batch, are in
// blocks of their own, too.
#pragma once

#include <vector>

#include "host/plan/types/plan.h"
#include "host/plan/types/segment.h"

namespace shoal {

struct Block {
  // In their order. The first one may be the writer of the block's first
  // tensor, which makes it from rows that are always there.
  std::vector<int> layers;
  bool has_writer = false;
  // The last layer's tensor goes on to the next block, which has its ring.
  bool goes_on = false;
};

// Returns blocks such that every layer of the segment is in one, in addition to
// writers.
std::vector<Block> find_blocks(const Net&, const std::vector<TensorUses>&,
                               Segment);

// Returns the block as a stage. `slots` has the rows of each tensor; what
// another block makes or reads is held whole.
PlanStage make_stage(const Net&, const std::vector<TensorUses>&, const Block&,
                     const Work&, const std::vector<int>& slots);

// Returns the tensors of the stage whose rings are this block's.
std::vector<bool> own_buffers(const Block&, const PlanStage&);

}  // namespace shoal
