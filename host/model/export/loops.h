// Loops of a graph as the file says them.
#pragma once

#include <cstdint>
#include <deque>
#include <vector>

#include "host/model/graph/graph.h"
#include "host/model/tflite/raw_model.h"

namespace shoal {

// Bytes of constants; `raw` refers to them.
using MadeConstants = std::deque<std::vector<uint8_t>>;

// Replaces the operators of each loop, which `raw` has one by one, by a WHILE
// over its steps. Its variables are the number of the step, the result's rows,
// the states and the sequences that are read, which do not change.
void write_loops(const Graph&, RawModel& raw, MadeConstants&);

}  // namespace shoal
