// Integer parameters from scales: one function per formula, used by the
// oracle and by the lowering alike. Arithmetic on scales is in double except
// where the reference kernels round a quotient to float32 first; each
// function says which. Throws Error(kUnsupported) for scales that the
// reference kernels cannot handle either.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <span>
#include <utility>
#include <vector>

#include "device/program/params.h"
#include "host/model/graph/graph.h"

namespace shoal {

struct Multiplier {
  int32_t value = 0;
  int shift = 0;
  bool operator==(const Multiplier&) const = default;
};

// d as value * 2^(shift - 31): frexp, rounded to 31 bits; 2^31 becomes 2^30
// with shift + 1; a shift below -31 gives 0, 0; above 30 gives 2^31-1, 30.
Multiplier quantize_multiplier(double d);

// The clamp of a fused activation on an int8 output of this scale and zero
// point: zero + round(f32(v / scale)), cut to int8.
std::pair<int, int> activation_range(Activation, float scale, int zero);

// One per output channel; a weight scale per tensor is repeated. `single` is
// FULLY_CONNECTED's rule for one weight scale: the product in float32.
std::vector<Multiplier> channel_multipliers(const Tensor& input,
                                            const Tensor& weights,
                                            const Tensor& output, int channels,
                                            bool single_in_float);

// ADD and SUB (a - b). SUB rounds its three quotients to float32.
AddParams add_params(const Tensor& a, const Tensor& b, const Tensor& y,
                     bool subtract);
MulParams mul_params(const Tensor& a, const Tensor& b, const Tensor& y);
PreluParams prelu_params(const Tensor& x, const Tensor& alpha, const Tensor& y);
// MEAN and SUM over `count` elements for each output.
ReduceParams mean_params(const Tensor& x, const Tensor& y, int count);
ReduceParams sum_params(const Tensor& x, const Tensor& y, int count);
ProbabilityParams probability_params(const Tensor& x, float beta,
                                     const Tensor& y);
SoftmaxParams softmax_params(const Tensor& x, float beta);

// SQUARED_DIFFERENCE; DIV: the quotient of the scales as float32 each time,
// kUnsupported if results could exceed 2^22; BATCH_MATMUL: the product of the
// operands' scales in float32.
SquaredDifferenceParams squared_difference_params(const Tensor& a,
                                                  const Tensor& b,
                                                  const Tensor& y);
MulParams div_params(const Tensor& a, const Tensor& b, const Tensor& y);
MulParams matmul_params(const Tensor& a, const Tensor& b, const Tensor& y);
LogSoftmaxParams log_softmax_params(const Tensor& x);
// CUMSUM; exclusive and reverse are left 0.
RunningSumParams running_sum_params(const Tensor& x, const Tensor& y);

// RESIZE_BILINEAR along one axis: output place o lies at (o * scale + base) /
// 1024 of the input.
struct BilinearLine {
  int scale, base;
};
BilinearLine bilinear_line(int in, int out, const ResizeAttr&);

// RESIZE_NEAREST_NEIGHBOR along one axis: the input index of each output
// index, in float32 arithmetic. Never decreases.
std::vector<uint16_t> nearest_indices(int in, int out, const ResizeAttr&);

// QUANTIZE from float32: round(f32(v / scale)), halves away from zero, + zero,
// cut to int8; not-a-number gives zero.
int8_t quantize_float(float v, float scale, int zero);

// Rounds to nearest, halves to even, adds the zero point, cuts to int8;
// not-a-number gives the zero point.
int round_to_byte(double v, int zero);

// DEQUANTIZE: f32(scale * (q - zero)).
float dequantize(int8_t q, float scale, int zero);

// The 256 results of a unary int8 operator (QUANTIZE, RELU, RELU6,
// LEAKY_RELU, LOGISTIC, TANH, HARD_SWISH, ABS, RSQRT and those of
// real_table.h), indexed by byte + 128.
std::array<int8_t, 256> unary_table(const Graph&, const Op&);

// The numbers that comparisons (EQUAL, LESS ...) compare in place of bytes,
// -128 first: multiples of 2^-8 of one, which never fall.
using ComparedValues = std::array<int32_t, 256>;
ComparedValues compared_values(const Tensor&);

// Results of a binary int8 operator (ADD, SUB, MUL, DIV, SQUARED_DIFFERENCE,
// PRELU, MAXIMUM, MINIMUM, comparisons, LOGICAL_AND and _OR), one after
// another. Operands step on by this many bytes, 0 repeats one.
struct ByteRun {
  const int8_t *a, *b;
  int64_t a_step, b_step;
  std::span<int8_t> y;
};
using ByteRows = std::function<void(const ByteRun&)>;
ByteRows binary_bytes(const Graph&, const Op&);

}  // namespace shoal
