// How many rows each tensor must hold. Found by running the whole net as one
// stage on demand: the deepest agent that can still move pulls what it needs,
// row by row, and nothing is made before it is wanted. The rows held at the
// peak suffice for every stage that a tensor lives inside, because the same
// order, restricted to the layers of that stage, is an order of that stage.
// Where a tensor has several readers another order may do with less: tighten()
// takes away row by row until the stage would stop.
#pragma once

#include <vector>

#include "host/plan/tokens/tokens.h"
#include "host/plan/types/segment.h"

namespace shoal {

// By tensor; 0 for a tensor that is not used.
std::vector<int> ring_slots(const Net&, const std::vector<TensorUses>&,
                            const Work&);
// The same for the tensors that a single segment touches.
std::vector<int> ring_slots(const Net&, const std::vector<TensorUses>&, Segment,
                            const Work&);

// Slots of which none can go, out of slots with which the segment completes;
// long rows first.
std::vector<int> tighten(const Net&, const std::vector<TensorUses>&, Segment,
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
