// Products of bytes with integers as results: internal to host/model/onnx.
#pragma once

#include <string>

#include "host/model/onnx/builder.h"
#include "host/model/onnx/model.h"

namespace shoal::onnx_import {

// ConvInteger, MatMulInteger and what ONNX Runtime makes of them become
// products of real values. Returns whether bytes of some follow from each
// frame's own range (dynamic quantization); those products stay float32, with
// the values of the file's int8 weights. Several readers of a product have
// weights of their own: Error(kDoesNotFit) if those exceed the budget.
bool expand_integers(OnnxModel&, const Budget&, const std::string& name);

}  // namespace shoal::onnx_import
