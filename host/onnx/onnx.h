// .onnx -> Graph. The file is hostile until every check here has passed.
//
// Float models become float graphs: TensorFlow Lite's operators in NHWC, batch
// norm folded, activations fused, names as the file has them. QDQ int8 models
// become int8 graphs if every operator's integer arithmetic gives the bytes
// of the file's meaning, and are refused with the reason otherwise.
#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "host/graph/graph.h"

namespace shoal {

// Whether the bytes may be an ONNX model rather than a .tflite one.
bool is_onnx(std::span<const uint8_t> file);

// Throws Error: kCorrupt for what is no legal model (with the node and the
// reason), kUnsupported with all unsupported nodes at once.
Graph import_onnx(std::span<const uint8_t> file, const std::string& name);

}  // namespace shoal
