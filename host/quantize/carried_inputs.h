// States that a file gives as an output and takes as an input. In a sequence
// the output of a frame is the input of the next one, so the state is a
// variable, and neither leaves the nodes.
//
// A file may join several states to one tensor (the hidden and cell states of
// all LSTM layers, say) and take it apart again. Where each part that is read
// is a whole tensor that was joined, each has a variable, and a scale, of its
// own.
#pragma once

#include <string>
#include <vector>

#include "host/model/graph/graph.h"

namespace shoal {

struct CarriedInput {
  std::string input, output;  // names of tensors
};

// Returns the float graph with variables instead of each input and output; they
// are zero before the first frame. Throws Error(kUsage), which names --carry,
// if there is no such input or output, if the two differ in shape or type, or
// if no other input or output is left.
Graph with_carried_inputs(Graph, const std::vector<CarriedInput>&);

}  // namespace shoal
