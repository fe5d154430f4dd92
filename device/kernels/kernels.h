// Row kernels: pure functions over row pointers. They know nothing of rings,
// nodes or streams, allocate nothing and trust their arguments: the loader
// has checked them.
//
// Rows. A window kernel gets one pointer per kernel row, at most
// kMaxWindowRows; a null pointer is a padding row. Each row pointer points at
// the first element of the row inside the reading port's box, at its first
// channel that the call reads; pixel x, channel c lies at
// row[x * in_stride + c], and pixels outside [0, in_w) are padding. Several
// kernel rows may point at the same input.
//
// Outputs. Pixel x, channel c of the range lies at out[x * out_stride + c],
// where out points at pixel 0 of the output box (so a call for columns
// [x0, x1) writes from out[x0 * out_stride]). 0 <= x0 < x1. Strides are in
// elements and at least the channel count. Rows do not overlap the output. A
// kernel reads no byte outside the pixels named here and writes none outside
// the output pixels.
//
// Reducing kernels start from the bias (`partial_in` null) or from int32
// partial sums, and end in int8 (`partial_out` null) or store int32 partial
// sums. Both lie like outputs, with partial_stride: pixel x, channel c at
// partial[x * partial_stride + c]. partial_in may equal partial_out, but not
// overlap it otherwise. What a call does not need may be null: bias with
// partial_in; multipliers, shifts and out with partial_out. Pools and
// reductions have no bias: sums start at 0, maxima at -128. Any cut of the
// window into calls gives the same bytes. Sums are mod 2^32.
//
// Arithmetic: requantize() and the names zx, zw, zy of zero points are those
// of device/base/fixed_point.h and of TensorFlow Lite's reference int8
// kernels with double rounding. Results are clamped to [act_min, act_max],
// which lies within int8.
#pragma once

#include <cstdint>

namespace shoal {

// Tap (ky, kx) of output column x reads column
//     x * stride_x - pad_left + kx * dilation_x        (conv, depthwise)
//     (x + pad_left - kx) / stride_x, where that is an integer  (transposed)
// of rows[ky]. pad_left may be negative: the box begins left of the window.
//   conv, depthwise   start + sum over all taps of x * (w - zw), where padding
//                     has x = zx; the start has -zx * (w - zw) folded in
//   transposed        start + sum over the taps that exist of
//                     (x - zx) * (w - zw); dilation_x is not read
// then requantize(sum, multipliers[o], shifts[o]) + zy, clamped.
struct ConvArgs {
  const int8_t* const* rows;  // [kernel_h]
  int kernel_h, kernel_w;     // kernel rows of this call
  int in_w, in_stride;
  int in_c;  // input channels of this call (kConv, kTransposeConv)
  int stride_x, dilation_x, pad_left;
  int x0, x1;      // output columns
  int channels;    // output channels: those of the chunk
  int multiplier;  // kDepthwise: outputs per input channel, at least 1. Output
                   // channel o reads input channel o / multiplier
  const int8_t* weights;       // see device/program/chunk.h
  int weight_stride;           // elements from one o (kConv) or one tap
                               // (kDepthwise) to the next
  const int32_t* bias;         // [channels], as are the next two
  const int32_t* multipliers;  // 0 to 2^31 - 1
  const int8_t* shifts;        // -31 to 30
  int zero_in, zero_weight, zero_out, act_min, act_max;
  const int32_t* partial_in;
  int32_t* partial_out;
  int partial_stride;
  int8_t* out;
  int out_stride;
  // Further output rows of the call, without partial sums, for a kernel that
  // takes them: rows[] goes on with kernel_h pointers for each, and each lies
  // out_row elements behind the one before.
  int more_rows = 0, out_row = 0;
  const struct Int4Weights* int4 = nullptr;  // see int4.h
};

// Columns as for conv, without dilation; padding takes no part.
//   average   sum of x / (valid_rows * columns of the window inside the row),
//             halves away from zero, clamped; 0 if the window has no place
//             inside. Partial sums are the sums of x.
//   maximum   the largest x, clamped; the least element before the clamp if
//             there is none.
//             Partial sums are the maxima so far.
template <class Element>
struct PoolArgsOf {
  const Element* const* rows;  // [kernel_h]
  int kernel_h, kernel_w;
  int in_w, in_stride;
  int stride_x, pad_left;
  int x0, x1;
  int channels;
  int valid_rows;  // rows of the whole window that are no padding, all calls
                   // together
  int act_min, act_max;
  const int32_t* partial_in;
  int32_t* partial_out;
  int partial_stride;
  Element* out;
  int out_stride;
};
using PoolArgs = PoolArgsOf<int8_t>;

// Sum or maximum over rows[0..row_count) (null: none), and over x and c if the
// flags say so. The output has in_w (1 with over_x) pixels of `channels` (1
// with over_c) channels, all of which are made.
//   sum       requantize(sum of x - elements * zx, multiplier, shift) + zy,
//             clamped; partial sums are the sums of x
//   maximum   the largest x, clamped; partial sums are the maxima so far
struct ReduceArgs {
  const int8_t* const* rows;
  int row_count;
  int in_w, in_stride, channels;
  bool over_x, over_c;
  int elements;  // summed into one output, all calls together
  int zero_in, zero_out, multiplier, shift, act_min, act_max;
  const int32_t* partial_in;
  int32_t* partial_out;
  int partial_stride;
  int8_t* out;
  int out_stride;
};

// a of output pixel x, channel c is a[x * a_stride + c * a_step], so strides of
// 0 repeat a column and steps of 0 a channel; b likewise. Formulas: params.h.
// Maximum and minimum compare the bytes. All are clamped.
struct BinaryArgs {
  const int8_t *a, *b;
  int a_stride, a_step, b_stride, b_step;
  int x0, x1, channels;
  int zero_in;  // kPrelu: zx of a; the others have theirs in params
  int zero_out, act_min, act_max;
  const int32_t* params;  // of its operator, see params.h; or null
  int8_t* out;
  int out_stride;
};

struct LutArgs {
  const int8_t* in;
  int in_stride;
  int x0, x1, channels;
  const int8_t* table;  // [256], indexed by byte + 128
  int8_t* out;
  int out_stride;
};

// Over the channels of each pixel; the output has scale 1/256 and zero point
// -128. d = x - largest x of the pixel; (multiplier, shift) scale d to 26
// fractional bits, 0 <= shift <= 30; below diff_min d counts as minus
// infinity.
//   e = exp_negative(high_mul(d << shift, multiplier), 5)
//   S = sum of round_shift(e, 12), l = its leading zeros
//   round_shift(high_mul(2 / (S scaled to 1..2), e), 35 - l) - 128
// where shifts of 32 and more give 0 (512 and more nearly equal channels). At
// most 8191 channels.
struct SoftmaxArgs {
  const int8_t* in;
  int in_stride;
  int x0, x1, channels;
  int32_t multiplier, shift, diff_min;
  int8_t* out;
  int out_stride;
};

// Kernels that make a result of all channels of a pixel. `channels` are the
// input's; params are those of params.h.
//   log_softmax_row  the output has scale 1/16 and zero point 127; d and S as
//                    in SoftmaxArgs, g = requantize(d, multiplier, shift),
//                    L = log_of_sum(S): round_shift(g - L, 22) + 127 above the
//                    limit max(diff_min - 1,
//                    requantize(L - 2^31, back_multiplier, back_shift)),
//                    else -128. At most 4095 channels
//   arg_max_row      the first of the largest (sign 1) or of the smallest (-1)
//                    channels; two channels, its number's low byte first
//   running_sum_row  channel c is requantize(sum << 19, multiplier, shift) + zy
//                    of the channels up to it less zx, clamped to int8; sums
//                    are mod 2^32
//   l2_norm_row      channel c is requantize(x - zx, value, shift + 7), clamped
//                    to int8, with inverse_root() of the sum of the squares of
//                    x - zx; at most kMostL2Channels channels
//   probability_row  see ProbabilityParams
struct PixelArgs {
  const int8_t* in;
  int in_stride;
  int x0, x1, channels;
  int zero_in, zero_out;
  const int32_t* params;
  int8_t* out;
  int out_stride;
};

// out[r][c] = requantize(sum over k of (a[r][k] - z0) * (b[c][k] - z1), m, s) +
// zy, clamped. Sums are mod 2^32. The strides are bytes from row to row; row c
// of `b` is column c of the result.
struct MatmulArgs {
  const int8_t* a;
  int rows, a_stride;
  const int8_t* b;
  int columns, b_stride;
  int length;
  int zero0, zero1, multiplier, shift, zero_out;
  int8_t* out;
  int out_stride;
};
void matmul_rows(const MatmulArgs&);

// requantize(in + bias, multiplier, shift) + zy of each channel, clamped.
struct RequantizeArgs {
  const int32_t* in;
  int in_stride;
  int x0, x1, channels;
  const int32_t* bias;  // added first
  const int32_t* multipliers;
  const int8_t* shifts;
  int zero_out, act_min, act_max;
  int8_t* out;
  int out_stride;
};

// kMove of one row: out(x, c) is the element (x * stride_x + base_x,
// c * stride_c + base_c) of the row, or `fill` where that is outside in_w or
// in_c; all `fill` if row is null. Strides may be 0 or negative.
struct MoveArgs {
  const int8_t* row;
  int in_w, in_c, in_stride;
  int stride_x, base_x, stride_c, base_c;
  int fill;
  int x0, x1, channels;
  int8_t* out;
  int out_stride;
};

struct ResizeArgs {
  const int8_t* row;
  int in_stride;
  const uint16_t* columns;  // input column of output column 0, 1, ...
  int x0, x1, channels;
  int8_t* out;
  int out_stride;
};

// Output column x lies at position x * scale + base over 1024 of `in_w`
// columns, between two of them (bilinear_place) in upper and in lower; `part`
// of 1024 is the lower row's, and may be below 0 where both are one.
struct BilinearArgs {
  const int8_t *upper, *lower;
  int part;
  int in_w, in_stride, scale, base;
  int x0, x1, channels;
  int8_t* out;
  int out_stride;
};

// Output channel (dy * block + dx) * channels + c of pixel x is channel c of
// pixel x * block + dx of rows[dy]; `block` rows, none null. `channels` are the
// input's, x0 and x1 the output's columns.
struct SpaceToDepthArgs {
  const int8_t* const* rows;
  int in_stride, block;
  int x0, x1, channels;
  int8_t* out;
  int out_stride;
};

// Channel c of output pixel x is channel
// (phase * block + x % block) * channels + c of pixel x / block. `phase` =
// output row % block; channels are the output's.
struct DepthToSpaceArgs {
  const int8_t* row;
  int in_stride, block, phase;
  int x0, x1, channels;
  int8_t* out;
  int out_stride;
};

// The heavy kernels, which exist in several families. All families read the
// canonical weights of device/program/chunk.h, give the same bytes and need
// no scratch but stack.
struct KernelSet {
  const char* name;
  void (*conv)(const ConvArgs&);
  void (*depthwise)(const ConvArgs&);
  bool depthwise_rows = false;  // depthwise takes more_rows
};
const KernelSet& portable_kernels();
// The fastest set of this machine (x86: AVX2 if CPUID has it).
const KernelSet& best_kernels();

// The fastest set's, and what of it.
void conv_row(const ConvArgs&);
void depthwise_row(const ConvArgs&);
bool depthwise_takes_rows();  // more_rows

// rows[ky]: the input row that reaches this output row by kernel row ky, or
// null.
void transpose_conv_row(const ConvArgs&);
void average_pool_row(const PoolArgs&);
void max_pool_row(const PoolArgs&);
void reduce_sum_row(const ReduceArgs&);
void reduce_max_row(const ReduceArgs&);
void add_row(const BinaryArgs&);
void mul_row(const BinaryArgs&);
void divide_row(const BinaryArgs&);
void squared_difference_row(const BinaryArgs&);
void maximum_row(const BinaryArgs&);
void minimum_row(const BinaryArgs&);
void prelu_row(const BinaryArgs&);
void lut_row(const LutArgs&);
void softmax_row(const SoftmaxArgs&);
void log_softmax_row(const PixelArgs&);
void l2_norm_row(const PixelArgs&);
void probability_row(const PixelArgs&);
void arg_max_row(const PixelArgs&);
void running_sum_row(const PixelArgs&);
void requantize_row(const RequantizeArgs&);
void move_row(const MoveArgs&);
void resize_row(const ResizeArgs&);
void bilinear_row(const BilinearArgs&);
void space_to_depth_row(const SpaceToDepthArgs&);
void depth_to_space_row(const DepthToSpaceArgs&);

}  // namespace shoal
