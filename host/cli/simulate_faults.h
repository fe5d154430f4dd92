// `simulate --fault`: frames on virtual nodes that fail, and what became of
// them.
#pragma once

#include <cstdint>
#include <vector>

#include "host/cli/commands.h"
#include "host/model/graph/graph.h"

namespace shoal {

// Runs the inputs one after another, again and again, and reports; each output
// is compared with the oracle's. Throws what ends the run.
int simulate_faults(const SimulateFlags&, const Graph&,
                    const std::vector<std::vector<uint8_t>>& inputs);

}  // namespace shoal
