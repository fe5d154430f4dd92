// Loops in drafts: which layers may form one, and what its actors need.
#pragma once

#include <vector>

#include "host/plan/types/loop.h"
#include "host/plan/types/plan.h"
#include "host/plan/types/uses.h"

namespace shoal {

// Returns behind which layer, before `end`, a run ends that begins with this
// layer and can be a loop: a convolution or a depthwise one, depthwise ones and
// tables, a convolution, each the only reader of the one before. -1: there is
// no such run.
int loop_end(const Net&, const std::vector<TensorUses>&, int begin, int end);

// Cuts the weights of a loop's actors into chunks: groups of what each turn
// makes or, for the last actor, parts of what it reads.
void set_loop_weights(const Net&, const PlanLoop&, PlanStage&);

// Sets the rows that each actor of a loop makes for a band of the last one, and
// the private rings and sums that follow from them.
void set_loop(const Net&, int band, PlanLoop&, PlanStage&);

}  // namespace shoal
