// QDQ models: a float graph whose tensors carry the scales of the file's
// QuantizeLinear nodes becomes an int8 graph, if integers give the bytes that
// the file means. Internal to host/model/onnx.
//
// That is so for tables, pools, movement and products of large scales. A
// convolution whose multiplier (input scale * weight scale / output scale) is
// below a half is rounded twice by TensorFlow Lite, and never is what the
// file means: such models are refused; their float originals are quantized.
//
// The int8 model's inputs are bytes: the file rounds them to even, a QUANTIZE
// would round halves away from zero. Outputs that the file dequantizes get a
// DEQUANTIZE, which is exact. uint8 becomes int8 by 128 less.
#pragma once

#include <string>
#include <vector>

#include "host/model/onnx/builder.h"

namespace shoal::onnx_import {

// Throws Error(kUnsupported) with every operator that differs, with the first
// values that do. `float_outputs` says which outputs the file dequantizes.
void quantize_graph(GraphBuilder&, const std::vector<bool>& float_outputs);

}  // namespace shoal::onnx_import
