// Which layers may form a loop. A loop is a BlockChoice with groups.
#pragma once

#include <vector>

#include "host/plan/types/layer_cuts.h"
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

}  // namespace shoal
