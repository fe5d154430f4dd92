// Networks that branch, for tests of orders of layers.
#pragma once

#include <cstdint>

#include "host/plan/testing/shape_net.h"

namespace shoal {

// Layers that read any tensors made before: convolutions, sums, channels of
// several in one tensor, constants; some results are outputs.
Net wired_net(uint32_t seed, int layers);
// Makes cells of `branches` branches, each of which widens what the cell reads,
// scales that by its means and narrows it again. The net's order has the first
// layer of all branches first, as in a file that was written breadth first.
Net breadth_first_net(int cells, int branches);

}  // namespace shoal
