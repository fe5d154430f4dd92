// Row kernels for elements of 16 bits, with weights of eight. Rows, outputs and
// strides are those of kernels.h. Zero points are 0: padding adds nothing, and
// a convolution's bias is not folded. Results are clamped to [low, high].
//
// Sums of at most 511 products of 16 by 8 bits stay within int32, so inner
// loops are those of int8 kernels; what they make is added to 64 bits in
// between. With `long_sums` they start from a bias of 48 bits and end in
// requantize_once() (see device/program/chunk.h), else only their lower 32 bits
// count, which end in requantize(). Any cut of the window into calls gives the
// same elements.
#pragma once

#include <cstdint>

#include "device/kernels/kernels.h"
#include "device/program/params.h"

namespace shoal {

// Taps as in ConvArgs.
struct WideConvArgs {
  const int16_t* const* rows;  // [kernel_h]
  int kernel_h, kernel_w;
  int in_w, in_stride, in_c;
  int stride_x, dilation_x, pad_left;
  int x0, x1;
  int channels, multiplier;
  const int8_t* weights;
  int weight_stride;
  const int32_t* bias;  // [channels], as are the next two
  const int32_t* multipliers;
  const int8_t* shifts;
  WideParams wide;
  const int64_t* partial_in;  // null: from the bias
  int64_t* partial_out;       // null: to `out`
  int partial_stride;
  int16_t* out;
  int out_stride;
};
void wide_conv_row(const WideConvArgs&);
// Rows of weights, a.channels of them, times one vector of `n` elements: a
// convolution of one pixel. `a` has bias, multipliers, shifts, `wide` and out;
// what else is not 0 this sets.
void wide_products(const int8_t* weights, const int16_t* x, int n,
                   WideConvArgs& a);
void wide_depthwise_row(const WideConvArgs&);
void wide_transpose_conv_row(const WideConvArgs&);

// As PoolArgs; sums have 32 bits. Maxima start at -32768.
using WidePoolArgs = PoolArgsOf<int16_t>;
void wide_average_pool_row(const WidePoolArgs&);
void wide_max_pool_row(const WidePoolArgs&);

// As the sum of ReduceArgs.
struct WideReduceArgs {
  const int16_t* const* rows;
  int row_count;
  int in_w, in_stride, channels;
  bool over_x, over_c;
  int multiplier, shift, low, high;
  const int32_t* partial_in;
  int32_t* partial_out;
  int partial_stride;
  int16_t* out;
  int out_stride;
};
void wide_reduce_sum_row(const WideReduceArgs&);

// As BinaryArgs. kPrelu: b are elements of eight bits.
struct WideBinaryArgs {
  const int16_t* a;
  const void* b;
  int a_stride, a_step, b_stride, b_step;
  int x0, x1, channels;
  int low, high;
  const int32_t* params;
  int16_t* out;
  int out_stride;
};
void wide_add_row(const WideBinaryArgs&);
void wide_mul_row(const WideBinaryArgs&);
void wide_squared_difference_row(const WideBinaryArgs&);
void wide_maximum_row(const WideBinaryArgs&);
void wide_minimum_row(const WideBinaryArgs&);
void wide_prelu_row(const WideBinaryArgs&);

// Over the channels of each pixel, or element by element; see params.h. Rows
// are of 16 bits, except those that kRescale's parameters say have eight.
struct WidePixelArgs {
  const void* in;
  int in_stride;
  int x0, x1, channels;
  const int32_t* params;
  void* out;
  int out_stride;
};
void rescale_row(const WidePixelArgs&);
void sigmoid_row(const WidePixelArgs&);
void wide_softmax_row(const WidePixelArgs&);

// As matmul_element(), with sums of 64 bits.
struct WideMatmulArgs {
  const int16_t* row;
  const int16_t* b;
  int length;
  int multiplier, shift;
  WideParams wide;
};
int16_t wide_matmul_element(const WideMatmulArgs&);

}  // namespace shoal
