// Masks of attention: values such as -1e9 that are added to the operand of a
// SOFTMAX, or chosen there, so that their share of a row is none. A range that
// holds them would lose all other values. So each tensor that only a SOFTMAX
// reads, by sums, choices and movement, gets a floor: values below it mean the
// same, and int8 may clamp them.
#pragma once

#include <vector>

#include "host/model/graph/graph.h"
#include "host/quantize/quantize.h"

namespace shoal {

// Returns the graph with finite constants where SOFTMAX alone reads them: -1e30
// for less.
Graph with_finite_masks(const Graph&);

struct MaskedGraph {
  Graph graph;  // its constants are raised to their floors
  // By tensor; -infinity: all values count. Empty: of all tensors.
  std::vector<float> floors;
};

// Runs some calibration frames if the graph has such sums or choices, and all
// of them if there are masks. A SOFTMAX gets a floor if some of its operand
// lies far below what has a share. Returns no way if there are none, and two if
// some rows lie so low that they may be masked as a whole: with the shares of
// those, and without.
std::vector<MaskedGraph> bound_masks(const Graph&, const Calibration&);

}  // namespace shoal
