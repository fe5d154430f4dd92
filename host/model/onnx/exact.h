// Checks whether an int8 operator gives the bytes that a QDQ file means: real
// arithmetic on the dequantized operands, rounded to even. Internal to
// host/model/onnx.
#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "host/model/graph/graph.h"

namespace shoal::onnx_import {

// Both from a sum to a byte, never decreasing.
using StepFunction = std::function<int(int64_t)>;
// The first sum of low..high at which a step of one lies and none of the
// other, in words; "" if all steps agree.
std::string step_difference(int64_t low, int64_t high,
                            const StepFunction& integers,
                            const StepFunction& meant);

// Rounded to even, plus zero, cut to int8.
int round_to_byte(double v, int zero);

// "" if the bytes are those that are meant for every operand; else the first
// that are not. All tensors of the operator are int8 with their scales,
// a bias int32.
std::string difference(const Graph&, const Op&);

}  // namespace shoal::onnx_import
