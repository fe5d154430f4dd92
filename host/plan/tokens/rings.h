// How many rows each tensor must hold. Found by running the whole net as one
// stage on demand: the deepest agent that can still move pulls what it needs,
// row by row, and nothing is made before it is wanted. The rows held at the
// peak suffice for every stage that a tensor lives inside, because the same
// order, restricted to the layers of that stage, is an order of that stage.
// Where a tensor has several readers another order may do with less: tighten()
// takes away row by row until the stage would stop.
#pragma once

#include <map>
#include <utility>
#include <vector>

#include "host/plan/tokens/blocks.h"
#include "host/plan/tokens/tokens.h"
#include "host/plan/types/segment.h"

namespace shoal {

// By tensor; 0 for a tensor that is not used.
std::vector<int> ring_slots(const Net&, const std::vector<TensorUses>&,
                            const Work&);

// The slots of segments, block by block, each found once: a search asks for
// almost the same again and again. The net and its uses must outlive it.
class SegmentSlots {
 public:
  SegmentSlots(const Net&, const std::vector<TensorUses>&);
  // Sets the slots of tensors that live inside the segment.
  void set(Segment, const Work&, std::vector<int>& slots);
  // Simulations so far.
  size_t simulated() const { return known_.size(); }

 private:
  const Net& net_;
  const std::vector<TensorUses>& uses_;
  std::map<std::pair<int, int>, std::vector<Block>> blocks_;  // by segment
  // By the block's layers and their work: tensors and slots.
  std::map<std::vector<int>, std::vector<std::pair<int, int>>> known_;
};

// Slots of which none can go, out of slots with which the net completes; long
// rows first.
std::vector<int> tighten(const Net&, const std::vector<TensorUses>&,
                         const Work&, std::vector<int> slots);

// By buffer of a stage, which must hold all its buffers whole: rows held at the
// peak.
std::vector<int> peak_slots(const Net&, const PlanStage&,
                            const std::vector<StreamTie>&);
// Takes slots away from buffers of a stage with which it completes, a group of
// them at a time, until none can go or `tries` are spent. `group` is by
// buffer, -1: it stays.
void tighten(const Net&, PlanStage&, const std::vector<StreamTie>&,
             const std::vector<int>& group, int tries);

}  // namespace shoal
