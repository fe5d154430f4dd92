// Whether two graphs are the same in everything: for those who write one and
// read it again.
#pragma once

#include <string>

#include "host/model/graph/graph.h"

namespace shoal {

// The first thing that differs, in words; empty if nothing does. Names of the
// graphs do not count.
std::string graph_difference(const Graph&, const Graph&);

}  // namespace shoal
