// QLinearConv and its like: internal to host/model/onnx.
#pragma once

#include <cstdint>

#include "host/model/onnx/model.h"

namespace shoal::onnx_import {

// A value of count_include_pad: windows that ceil_mode lets reach beyond the
// paddings are divided by all of their places, as ONNX Runtime's
// QLinearAveragePool does.
inline constexpr int64_t kCountsBeyond = 2;

// They become QuantizeLinear, DequantizeLinear and what is computed between;
// nodes keep the numbers of those that they come from.
void expand_quantized(OnnxModel&);

}  // namespace shoal::onnx_import
