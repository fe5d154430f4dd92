// Integer parameters of operators with int16 activations (16x8): one function
// per formula, used by the oracle and by the lowering alike. Those of
// quantize.h that take tensors hold for int16, too: add_params() shifts by 15
// bits then, squared_difference_params() by none.
#pragma once

#include <cstdint>
#include <utility>
#include <vector>

#include "device/program/params.h"
#include "host/model/graph/graph.h"
#include "host/model/graph/quantize.h"

namespace shoal {

// Returns whether the operator has an int16 operand or result.
bool is_wide_op(const Graph&, const Op&);

// Returns whether the sums of an operator with weights have 64 bits and are
// rounded once: all but those of CONV_2D and FULLY_CONNECTED with an INT32
// bias, which have 32 bits and are rounded as int8's are.
bool sums_are_long(const Graph&, const Op&);
// The bias of each channel; zeros if there is none.
std::vector<int64_t> wide_bias(const Graph&, const Op&, int channels);

// The elements of a constant of INT16, INT32 or INT64.
std::vector<int64_t> whole_numbers(const Tensor&);

// QUANTIZE between 8 and 16 bits, RELU, RELU6, LEAKY_RELU and ABS of int16.
RescaleParams rescale_params(const Graph&, const Op&);
// LOGISTIC and TANH.
SigmoidParams sigmoid_params(const Op&, const Tensor& x);
WideSoftmaxParams wide_softmax_params(const Tensor& x, float beta);
// Entry k of a table of 16-bit numbers, two in a word.
uint16_t table_entry(const uint32_t* table, int k);

// The clamp of a fused activation on an int16 output.
std::pair<int, int> wide_activation_range(Activation, float scale);

// QUANTIZE from float32, cut to int16, and back.
int16_t quantize_to_int16(float v, float scale);

}  // namespace shoal
