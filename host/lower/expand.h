// Comparisons and SELECT_V2 as operators that have layers: tables of bytes,
// differences, maxima and minima.
#pragma once

#include <vector>

#include "host/model/graph/graph.h"

namespace shoal {

struct Expanded {
  Graph graph;            // tensors of the original first
  std::vector<int> from;  // the original's operator, by operator
};

// Returns whether expand() would change the graph.
bool has_expansions(const Graph&);
// Computes what the original does, byte for byte.
Expanded expand(const Graph&);

}  // namespace shoal
