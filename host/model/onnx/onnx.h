// .onnx -> Graph. The file is hostile until every check here has passed.
//
// Layout: an input of rank 4 is [1, C, H, W] in the file and [1, H, W, C] in
// the graph, under the same name, so that pictures go in as they are; files
// whose input already lies as [1, H, W, C] (keras, tf2onnx: a Transpose stands
// before the first convolution) keep it. Outputs of rank 4 are [1, H, W, C]
// likewise, whether the file ends with such a Transpose or not. Other ranks
// lie as in the file. Convolutions and pools take a batch of 1; all sizes are
// fixed, by the file or by the options.
//
// Float models become float graphs: TensorFlow Lite's operators in NHWC, batch
// norm folded, activations fused, names as the file has them. QDQ int8 models
// become int8 graphs if every operator's integer arithmetic gives the bytes
// of the file's meaning, and are refused with the reason otherwise.
#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "host/model/graph/graph.h"
#include "host/model/graph/import_options.h"

namespace shoal {

// Returns whether the bytes may be an ONNX model rather than a .tflite one.
bool is_onnx(std::span<const uint8_t> file);

// Throws Error: kCorrupt for what is no legal model (with the node and the
// reason), kUnsupported with all unsupported nodes at once.
// kUsage if the options name what is not there.
Graph import_onnx(std::span<const uint8_t> file, const std::string& name,
                  const ImportOptions& = {});

}  // namespace shoal
