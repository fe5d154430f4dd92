// The model as its file gives it: operators and tensors one to one, checked.
// uint8 tensors are already int8 here (bytes XOR 0x80, zero points less 128);
// `file_type` remembers what the file says, so that traces and outputs can
// turn them back.
//
// The importer guarantees: every index is valid; operators are in an order in
// which each reads only inputs, constants and earlier results, except that the
// steps of a loop (loops.h) read results of the step before; every tensor
// is made at most once; all shapes are positive and agree with the operator;
// constants have exactly their bytes; scales are finite and positive where an
// operator needs them; a tensor has at most 2^31 bytes.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace shoal {

// kBool is a type of files alone: its bytes, 0 or 1, are computed with as int8
// of scale 1 and zero point 0. So is kInt4, of weights alone: a file has two in
// a byte. kInt16 is of activations, with zero point 0, and weights of int8
// (16x8); kInt64 also of their biases.
enum class Type : uint8_t {
  kInt8,
  kUint8,
  kInt32,
  kFloat32,
  kInt64,
  kBool,
  kInt4,
  kInt16
};
const char* type_name(Type);  // "INT8" as in layers.tsv
int type_bytes(Type);
// Whole numbers that are no bytes: places of ARG_MAX, and what is cast.
bool is_wide(Type);
struct Tensor;
// Activations of 16 bits.
bool is_int16(const Tensor&);
// Truth values, which comparisons make.
bool is_bool(const Tensor&);

struct Quantization {
  std::vector<float> scale;   // empty: none; one, or one per channel
  std::vector<int32_t> zero;  // as many as scales
  int axis = 0;               // of the per-channel scales
  // The values of this result are rounded once, from the real value, as
  // quantized ONNX models mean it; else as TensorFlow Lite's kernels round,
  // which is twice. Of results of int8 operators.
  bool rounds_once = false;
  // Above 0: the last axis holds this number of digits for each whole number
  // (digits.h), which a CAST behind it puts together.
  int digits = 0;
};

using Shape = std::vector<int>;
int64_t element_count(const Shape&);
// The shape of a part of `whole` along the axis. The part of a PACK or UNPACK
// lacks that axis.
Shape part_shape(const Shape& part, const Shape& whole, int axis);

struct Tensor {
  std::string name;
  Type type = Type::kInt8;  // as computed with: int8, int16, int32, float32
  Type file_type = Type::kInt8;  // as the file says
  Shape shape;
  Quantization quant;
  bool constant = false;
  std::vector<uint8_t> data;  // of constants, in `type`
  float scale() const { return quant.scale.empty() ? 0.f : quant.scale[0]; }
  int zero() const { return quant.zero.empty() ? 0 : quant.zero[0]; }
};

enum class Activation : uint8_t { kNone, kRelu, kReluN1To1, kRelu6 };

// Operators, with TensorFlow Lite's names; operators.h has a row for each.
enum class OpKind : uint8_t {
  kConv2d,
  kDepthwiseConv2d,
  kFullyConnected,
  kTransposeConv,
  kBatchMatmul,
  kLstm,
  kDelay,
  kAdd,
  kSub,
  kMul,
  kDiv,
  kSquaredDifference,
  kMaximum,
  kMinimum,
  kEqual,
  kNotEqual,
  kGreater,
  kGreaterEqual,
  kLess,
  kLessEqual,
  kLogicalAnd,
  kLogicalOr,
  kFloorDiv,
  kFloorMod,
  kSelectV2,
  kAveragePool2d,
  kMaxPool2d,
  kMean,
  kSum,
  kReduceMax,
  kReduceMin,
  kCumsum,
  kArgMax,
  kArgMin,
  kConcatenation,
  kPack,
  kPad,
  kPadv2,
  kMirrorPad,
  kReshape,
  kSqueeze,
  kExpandDims,
  kReadVariable,
  kTranspose,
  kSlice,
  kStridedSlice,
  kSplit,
  kSplitV,
  kUnpack,
  kGather,
  kGatherNd,
  kResizeNearestNeighbor,
  kResizeBilinear,
  kSpaceToDepth,
  kDepthToSpace,
  kSpaceToBatchNd,
  kBatchToSpaceNd,
  kCast,
  kQuantize,
  kDequantize,
  kRelu,
  kRelu6,
  kLeakyRelu,
  kPrelu,
  kLogistic,
  kTanh,
  kHardSwish,
  kAbs,
  kNeg,
  kSquare,
  kSqrt,
  kRsqrt,
  kExp,
  kLog,
  kGelu,
  kElu,
  kSin,
  kFloor,
  kLogicalNot,
  kFunction,
  kTable,
  kLogSoftmax,
  kL2Normalization,
  kSoftmax,
};
const char* op_name(OpKind);  // "CONV_2D" as in layers.tsv

// Attributes. Operand tensors that TensorFlow Lite passes as constants (axes,
// paddings, shapes) are already resolved into them.
struct WindowAttr {  // convolutions and pools; pads are resolved from SAME
  int kernel_h = 1, kernel_w = 1, stride_h = 1, stride_w = 1;
  int dilation_h = 1, dilation_w = 1;
  int pad_top = 0, pad_left = 0;
  int depth_multiplier = 1;
  Activation activation = Activation::kNone;
  bool operator==(const WindowAttr&) const = default;
};
struct FusedAttr {  // ADD, SUB, MUL, DIV, FULLY_CONNECTED
  Activation activation = Activation::kNone;
  bool operator==(const FusedAttr&) const = default;
};
struct ReduceAttr {
  std::vector<bool> reduced;  // one per input axis
  bool operator==(const ReduceAttr&) const = default;
};
struct AxisAttr {  // of joins, splits, ARG_MAX, ARG_MIN: non-negative
  int axis = 0;
  bool operator==(const AxisAttr&) const = default;
};
struct PadAttr {
  std::vector<int> before, after;  // one per axis
  int value = 0;                   // the byte, of int8 tensors
  float real = 0;                  // of float32 ones
  bool operator==(const PadAttr&) const = default;
};
struct MirrorAttr {
  std::vector<int> before, after;  // one per axis
  bool repeats_edge = false;       // SYMMETRIC, else REFLECT
  bool operator==(const MirrorAttr&) const = default;
};
// Where position `at` of an axis lies in the tensor of `size`, both ways.
constexpr int mirrored_index(int at, int size, bool repeats_edge) {
  const int edge = repeats_edge ? 1 : 0;
  if (at < 0) return -at - edge;
  return at < size ? at : 2 * (size - 1) - at + edge;
}
struct TransposeAttr {
  std::vector<int> perm;  // output axis i is input axis perm[i]
  bool operator==(const TransposeAttr&) const = default;
};
struct SliceAttr {  // input index = begin + output index * stride, per axis
  std::vector<int> begin, stride;  // one per INPUT axis
  std::vector<bool> dropped;       // input axes missing in the output
  bool operator==(const SliceAttr&) const = default;
};
struct ResizeAttr {
  bool align_corners = false, half_pixel_centers = false;
  bool operator==(const ResizeAttr&) const = default;
};
struct BlockAttr {
  int block = 1;
  bool operator==(const BlockAttr&) const = default;
};
// GATHER takes positions of one axis, GATHER_ND of its first axes together:
// element [o, n, i] of the result is [o, indices[n], i] of the operand, whose
// `count` axes from `axis` on are one.
struct GatherAttr {
  int axis = 0, count = 1;
  std::vector<int> indices;
  bool operator==(const GatherAttr&) const = default;
};
// SPACE_TO_BATCH_ND (with paddings), BATCH_TO_SPACE_ND (with crops); the axes
// behind the batch's.
struct BatchesAttr {
  std::vector<int> block, before, after;
  bool operator==(const BatchesAttr&) const = default;
};
struct CumsumAttr {
  int axis = 0;
  bool exclusive = false, reverse = false;
  bool operator==(const CumsumAttr&) const = default;
};
struct MatmulAttr {  // the last two axes of an operand are swapped
  bool adj_x = false, adj_y = false;
  bool operator==(const MatmulAttr&) const = default;
};
// UNIDIRECTIONAL_SEQUENCE_LSTM. Inputs: x, the state before the first step,
// weights of the input and recurrent weights (of the input gate, the forget
// gate, the cell and the output gate each), four biases. Results: the hidden
// state of each step, the state behind the last one. A state of int8 has three
// rows of a byte for each unit: the hidden state, and the cell state, int16,
// the low byte of each element first. One of int16 has two rows.
struct LstmAttr {
  float cell_scale = 0;  // of the cell state, a power of two
  float clip = 0;        // of the cell state; 0: none
  bool operator==(const LstmAttr&) const = default;
};
struct GeluAttr {
  bool approximate = false;  // by tanh
  bool operator==(const GeluAttr&) const = default;
};
struct AlphaAttr {  // LEAKY_RELU alpha, SOFTMAX beta
  float value = 0;
  // SOFTMAX of int8, which the file has in float32 between a DEQUANTIZE and a
  // QUANTIZE: the byte of the real result, in any scale.
  bool is_real = false;
  bool operator==(const AlphaAttr&) const = default;
};
// TABLE, which only lowering makes (host/lower/expand.h): a byte for each byte,
// -128 first.
struct TableAttr {
  std::array<int8_t, 256> bytes{};
  bool operator==(const TableAttr&) const = default;
};
struct Op;
// A function of one value, as steps that compute element by element. A step's
// operand n is the value itself (0), the result of step n - 1 (n > 0) or the
// constant -1 - n (n < 0). The last step's result is the function's.
struct FunctionAttr {
  std::vector<Op> steps;  // without outputs
  std::vector<float> constants;
  bool operator==(const FunctionAttr&) const;
};
using Attr =
    std::variant<std::monostate, WindowAttr, FusedAttr, ReduceAttr, AxisAttr,
                 PadAttr, MirrorAttr, TransposeAttr, SliceAttr, ResizeAttr,
                 BlockAttr, AlphaAttr, GatherAttr, BatchesAttr, CumsumAttr,
                 MatmulAttr, LstmAttr, GeluAttr, FunctionAttr, TableAttr>;

// inputs holds data operands only: CONV_2D, DEPTHWISE_CONV_2D,
// FULLY_CONNECTED, TRANSPOSE_CONV: x, weights, bias (-1: none); PRELU: x,
// alpha; UNIDIRECTIONAL_SEQUENCE_LSTM: see LstmAttr; DELAY: see loops.h; the
// others: what they compute on. Weights keep the file's layout: OHWI, 1HWC,
// [out, in], OHWI.
struct Op {
  OpKind kind{};
  std::vector<int> inputs;
  std::vector<int> outputs;
  Attr attr;
};

// A variable of the file as one frame sees it: its value before the frame is a
// tensor that no operator makes, and the last value assigned in the frame is
// another tensor (or the same, if nothing is assigned). A READ_VARIABLE is a
// copy of either.
struct Variable {
  std::string name;
  int before = -1, after = -1;   // tensors of one type, shape and scale
  std::vector<uint8_t> initial;  // bytes of `before` in the first frame
  bool operator==(const Variable&) const = default;
};

// How a pixel p of 0..255 becomes a real value: (p - mean) / deviation.
struct Normalization {
  std::vector<float> mean, deviation;  // one, or one per channel
  bool operator==(const Normalization&) const = default;
};

struct Graph {
  std::string name;  // the file's name without directory
  std::vector<Tensor> tensors;
  std::vector<Op> ops;  // number = number of the operator in the file, but:
  // The number of each operator in the file, where some of the file's are no
  // operators here: handles and assignments of variables, arithmetic on shapes.
  // Else empty.
  std::vector<int> file_numbers;
  std::vector<Variable> variables;  // that live from frame to frame
  std::vector<int> inputs;
  std::vector<int> outputs;
  // The normalization of pictures that the file states for its only input.
  std::optional<Normalization> pixels;
};

// The number of the operator in the file.
int file_number(const Graph&, int op);

// Returns whether the graph computes in float32: `shoal quantize` is for these.
// A float32 input that a QUANTIZE reads, or an output of a DEQUANTIZE, does not
// count.
bool is_float(const Graph&);

// Convolutions, fully connected layers and BATCH_MATMUL, padding positions
// included.
int64_t op_macs(const Graph&, const Op&);
int64_t model_macs(const Graph&);

}  // namespace shoal
