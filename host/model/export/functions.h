// A file has no operator for a FUNCTION: it has the steps, in float32, and
// where the function is one of bytes a DEQUANTIZE before and a QUANTIZE behind
// them. The importer makes one FUNCTION of these again.
#pragma once

#include "host/model/graph/graph.h"

namespace shoal {

// The same graph with the steps of its functions as operators. Numbers of
// operators change.
Graph with_steps_of_functions(Graph);

}  // namespace shoal
