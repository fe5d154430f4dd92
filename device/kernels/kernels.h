// Row kernels: pure functions over row pointers. They know nothing of rings,
// nodes or streams.
//
// A window kernel gets one pointer per kernel row; a null pointer is a
// padding row. Each row pointer points at the first element of the row inside
// the reading port's box; pixel x, channel c lies at row[x * in_stride + c],
// and pixels outside [0, in_w) are padding. Output pixel x, channel c of the
// range lies at out[x * out_stride + c], where out points at pixel 0 of the
// output box (so a call for columns [x0, x1) writes from
// out[x0 * out_stride]). Strides are in elements. Rows do not overlap the
// output. A kernel reads no byte outside the pixels named here and writes
// none outside the output pixels.
//
// Reducing kernels start from the bias (`partial_in` null) or from int32
// partial sums, and end in int8 (`partial_out` null) or store int32 partial
// sums; partial pixels have stride partial_stride (elements). partial_in may
// equal partial_out. Sums are mod 2^32.
#pragma once

#include <cstdint>

namespace shoal {

struct ConvArgs {
  const int8_t* const* rows;  // [kernel_h]
  int kernel_h, kernel_w;     // kernel rows of this call
  int in_w, in_stride;
  int in_c;  // input channels of this call (kConv only)
  int stride_x, dilation_x, pad_left;
  int x0, x1;             // output columns
  int channels;           // output channels: those of the chunk
  int multiplier;         // kDepthwise: outputs per input channel
  const int8_t* weights;  // see device/program/chunk.h
  int weight_stride;      // elements from one o (kConv) or one tap
                          // (kDepthwise) to the next
  const int32_t* bias;
  const int32_t* multipliers;
  const int8_t* shifts;
  int zero_in, zero_weight, zero_out, act_min, act_max;
  const int32_t* partial_in;
  int32_t* partial_out;
  int partial_stride;
  int8_t* out;
  int out_stride;
};

// Window ops and element-wise ones without weights.
struct PoolArgs {
  const int8_t* const* rows;  // [kernel_h]
  int kernel_h, kernel_w;
  int in_w, in_stride;
  int stride_x, pad_left;
  int x0, x1;
  int channels;
  int valid_rows;  // rows of the whole window that are no padding
  int act_min, act_max;
  const int32_t* partial_in;
  int32_t* partial_out;
  int partial_stride;
  int8_t* out;
  int out_stride;
};

// Sum or maximum over rows[0..count), and over x and c if the flags say so.
// The output has w (1 with over_x) pixels of c (1 with over_c) channels.
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

// Pixel strides 0 repeat a column, channel steps 0 repeat a channel.
struct BinaryArgs {
  const int8_t *a, *b;
  int a_stride, a_step, b_stride, b_step;
  int x0, x1, channels;
  int zero_in, zero_out, act_min, act_max;
  const int32_t* params;  // AddParams, MulParams, PreluParams
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

struct SoftmaxArgs {
  const int8_t* in;
  int in_stride;
  int x0, x1, channels;
  int32_t multiplier, shift, diff_min;
  int8_t* out;
  int out_stride;
};

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

// kMove of one row; row null: all fill. See MoveParams.
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
  const uint16_t* columns;  // input column of each output column
  int x0, x1, channels;
  int8_t* out;
  int out_stride;
};

// rows: `block` of them. in_w is the input's width, channels the input's.
struct SpaceToDepthArgs {
  const int8_t* const* rows;
  int in_stride, block;
  int x0, x1, channels;
  int8_t* out;
  int out_stride;
};

// `phase` = output row % block; channels are the output's.
struct DepthToSpaceArgs {
  const int8_t* row;
  int in_stride, block, phase;
  int x0, x1, channels;
  int8_t* out;
  int out_stride;
};

// The heavy kernels, which exist in several families. All families give the
// same bytes and need no scratch.
struct KernelSet {
  const char* name;
  void (*conv)(const ConvArgs&);
  void (*depthwise)(const ConvArgs&);
};
const KernelSet& portable_kernels();
// The fastest set of this machine (x86: AVX2 if CPUID has it).
const KernelSet& best_kernels();

void transpose_conv_row(const ConvArgs&);  // rows[ky]: the input row that
                                           // reaches this output row by ky
void average_pool_row(const PoolArgs&);
void max_pool_row(const PoolArgs&);
void reduce_sum_row(const ReduceArgs&);
void reduce_max_row(const ReduceArgs&);
void add_row(const BinaryArgs&);
void mul_row(const BinaryArgs&);
void maximum_row(const BinaryArgs&);
void minimum_row(const BinaryArgs&);
void prelu_row(const BinaryArgs&);
void lut_row(const LutArgs&);
void softmax_row(const SoftmaxArgs&);
void requantize_row(const RequantizeArgs&);
void move_row(const MoveArgs&);
void resize_row(const ResizeArgs&);
void space_to_depth_row(const SpaceToDepthArgs&);
void depth_to_space_row(const DepthToSpaceArgs&);

}  // namespace shoal
