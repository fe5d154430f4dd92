// Groups of rings: a segment falls apart where all that goes on is one tensor
// with one writer. The layers before it make that tensor's rows one after the
// other, no matter when they are wanted; those behind it find them whenever
// they want them. So what rings hold in one group does not depend on the bands
// of another, and a search that changes one layer at a time need look at its
// group alone. Layers that share no rows at all, such as those of the frames of
// a batch, are in groups of their own, too.
#pragma once

#include <vector>

#include "host/plan/types/plan.h"
#include "host/plan/types/segment.h"

namespace shoal {

struct RingGroup {
  // In their order. The first one may be the writer of the group's first
  // tensor, which makes it from rows that are always there.
  std::vector<int> layers;
  bool has_writer = false;
  // The last layer's tensor goes on to the next group, which has its ring.
  bool goes_on = false;
};

// Returns groups such that every layer of the segment is in one, in addition to
// writers.
std::vector<RingGroup> find_ring_groups(const Net&,
                                        const std::vector<TensorUses>&,
                                        Segment);

// Returns the group as a stage. `slots` has the rows of each tensor; what
// another group makes or reads is held whole.
PlanStage make_stage(const Net&, const std::vector<TensorUses>&,
                     const RingGroup&, const Work&,
                     const std::vector<int>& slots);

// Returns the tensors of the stage whose rings are this group's.
std::vector<bool> own_buffers(const RingGroup&, const PlanStage&);

}  // namespace shoal
