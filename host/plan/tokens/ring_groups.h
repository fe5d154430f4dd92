// Groups of rings: a segment falls apart wherever only one tensor with one
// writer goes on. The layers before that place make the tensor's rows one after
// the other, whenever they are wanted; the layers behind it always find them.
// So what rings hold in one group does not depend on the bands of another, and
// a search that changes one layer need only look at the layer's group. Layers
// that share no rows at all, such as those of the frames of a batch, are in
// groups of their own, too.
#pragma once

#include <vector>

#include "host/plan/types/plan.h"
#include "host/plan/types/segment.h"

namespace shoal {

struct RingGroup {
  // In their order. The first one may be the writer of the group's first
  // tensor; the rows that it reads are always there.
  std::vector<int> layers;
  bool has_writer = false;
  // The last layer's tensor is also in the next group, which owns its ring.
  bool goes_on = false;
};

// Returns groups that together have each layer of the segment, besides the
// writers.
std::vector<RingGroup> find_ring_groups(const Net&,
                                        const std::vector<TensorUses>&,
                                        Segment);

// Returns the group as a stage. `slots`: as for the other make_stage(); tensors
// that another group makes or reads are held whole.
PlanStage make_stage(const Net&, const std::vector<TensorUses>&,
                     const RingGroup&, const Work&,
                     const std::vector<int>& slots);

// Returns the tensors of the stage whose rings are this group's.
std::vector<bool> own_buffers(const RingGroup&, const PlanStage&);

}  // namespace shoal
