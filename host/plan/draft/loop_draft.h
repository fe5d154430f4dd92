// Loops in drafts: which layers may be one, and what its actors have.
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

// Chunks of weights of a loop's actors: groups of what each turn makes, or, of
// the last one, parts of what it reads.
void set_loop_weights(const Net&, const PlanLoop&, PlanStage&);

// Rows that the actors of a loop make for a band of the last one, and what
// follows from them: private rings and sums.
void set_loop(const Net&, int band, PlanLoop&, PlanStage&);

}  // namespace shoal
