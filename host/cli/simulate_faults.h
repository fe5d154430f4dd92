// `simulate --fault`: frames on virtual nodes that fail, and what became of
// them.
#pragma once

#include "host/cli/commands.h"
#include "host/model/graph/graph.h"

namespace shoal {

// Runs and reports; each output is compared with the oracle's. Throws what ends
// the run.
int simulate_faults(const SimulateFlags&, const Graph&);

}  // namespace shoal
