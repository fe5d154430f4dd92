// QLinearConv and its like, ConvInteger: internal to host/model/onnx.
#pragma once

#include "host/model/onnx/model.h"

namespace shoal::onnx_import {

// They become QuantizeLinear, DequantizeLinear and what is computed between;
// nodes keep the numbers of those that they come from.
void expand_quantized(OnnxModel&);

}  // namespace shoal::onnx_import
