// QDQ models: a float graph whose tensors carry the scales of the file's
// QuantizeLinear nodes becomes an int8 graph, if integers give the bytes that
// the file means. Internal to host/onnx.
#pragma once

#include "host/onnx/builder.h"

namespace shoal::onnx_import {

// Throws Error(kUnsupported) with every operator that differs.
void quantize_graph(GraphBuilder&);

}  // namespace shoal::onnx_import
