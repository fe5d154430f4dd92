// Graph -> .tflite, float or int8: a standard file that passes the
// flatbuffers Verifier and imports to the identical graph again.
//
// The format wants axes, sizes, paddings and the like as constant tensors
// beside an operator's data; a graph has them resolved into attributes. A
// graph that came from a file still lists those tensors, though no operator
// refers to them, and they are used again; others are appended:
//
//   import_tflite(export_tflite(g)) == with_operands(g)
//
// in every tensor, operator, number, name and order, and with_operands(g) is
// g itself once it has them.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "host/model/graph/detection.h"
#include "host/model/graph/graph.h"

namespace shoal {

// Throws Error(kUnsupported) for what the format cannot say, by operator.
std::vector<uint8_t> export_tflite(const Graph&);

// The file with a TFLite_Detection_PostProcess behind it, whose operands are
// outputs: those of a file that was a float one when it was read.
std::vector<uint8_t> append_detection(std::span<const uint8_t> file,
                                      const std::string& name,
                                      const DetectionOp&);

// The graph with the constant operands that its file needs, appended and named
// after the operators that read them: "conv1/paddings".
Graph with_operands(Graph);

}  // namespace shoal
