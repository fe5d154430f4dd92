// Compares two graphs in everything, for code that writes a graph and reads it
// again.
#pragma once

#include <string>

#include "host/model/graph/graph.h"

namespace shoal {

// The first thing that differs, in words; empty if nothing does. Names of the
// graphs do not count.
std::string graph_difference(const Graph&, const Graph&);

}  // namespace shoal
