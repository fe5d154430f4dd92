// `run` of a float model: the float oracle on this computer, no plan, no nodes.
#pragma once

#include "host/cli/commands.h"
#include "host/model/graph/graph.h"

namespace shoal {

int run_float(const RunFlags&, const Graph&);

}  // namespace shoal
