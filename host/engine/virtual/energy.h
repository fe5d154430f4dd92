// What a node in virtual time did in a frame, for what that draws.
#pragma once

#include "host/engine/virtual/virtual_node.h"
#include "host/plan/cost/energy.h"

namespace shoal {

// Of a node that counted one frame, which took so long.
FrameLoad frame_load(const NodeCounts&, double seconds);

}  // namespace shoal
