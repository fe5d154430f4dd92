// Loops in drafts: which layers may form one, its actors, and what they need. A
// loop is a BlockChoice with groups.
#pragma once

#include <vector>

#include "host/plan/types/layer_cuts.h"
#include "host/plan/types/loop.h"
#include "host/plan/types/plan.h"
#include "host/plan/types/uses.h"

namespace shoal {

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

// Adds a loop to a stage: its actors and the buffers between them, which hold
// what one turn makes. `made` has the boxes of its layers, `first` reads what
// the loop reads. Returns the last actor; the caller adds it with the port that
// it writes.
PlanActor add_loop(const Net&, const BlockChoice&, const std::vector<Box>& made,
                   PlanActor first, PlanStage&, std::vector<int>& homes);

// Cuts the weights of a loop's actors into chunks: groups of what each turn
// makes or, for the last actor, parts of what it reads.
void set_loop_weights(const Net&, const PlanLoop&, PlanStage&);

// Sets the rows that each actor of a loop makes for a band of the last one, and
// the private rings and sums that follow from them.
void set_loop(const Net&, int band, PlanLoop&, PlanStage&);

}  // namespace shoal
