// States of loops that live from frame to frame. A loop begins each frame with
// the state that its file gives; in a stream it goes on with the state that the
// frame before left. So frames of a few rows each give what one frame of all
// rows gives.
#pragma once

#include "host/model/graph/graph.h"

namespace shoal {

// Returns the graph with a variable for each state of a loop that begins with a
// constant: the constant is its initial value, and the last row is assigned. A
// state that is an input, or that the frame computes, stays what it is. Throws
// Error(kUnsupported) for a loop that reads a sequence from its end.
Graph with_carried_states(Graph);

}  // namespace shoal
