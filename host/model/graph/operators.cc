#include "host/model/graph/operators.h"

#include <iterator>

namespace shoal {
namespace {

using enum OpKind;
using C = OpClass;
using R = ResultBytes;
using O = OptionsCode;
constexpr int kMany = 1 << 20;

constexpr OpInfo kOps[] = {
    {kConv2d, "CONV_2D", C::kConvolution, R::kComputed, 3, O::kConv2d, true, 2,
     3, 1, "rows stream; per channel or per tensor; dilation"},
    {kDepthwiseConv2d, "DEPTHWISE_CONV_2D", C::kConvolution, R::kComputed, 4,
     O::kDepthwiseConv2d, true, 2, 3, 1, "rows stream; any depth multiplier"},
    {kFullyConnected, "FULLY_CONNECTED", C::kFullyConnected, R::kComputed, 9,
     O::kFullyConnected, false, 2, 3, 1, "consumes rows as they come"},
    {kTransposeConv, "TRANSPOSE_CONV", C::kConvolution, R::kComputed, 67,
     O::kTransposeConv, true, 3, 4, 1, "rows stream"},
    {kBatchMatmul, "BATCH_MATMUL", C::kMatmul, R::kComputed, 126,
     O::kBatchMatmul, false, 2, 2, 1,
     "rows stream; the right side whole if it is computed"},
    {kLstm, "UNIDIRECTIONAL_SEQUENCE_LSTM", C::kRecurrent, R::kComputed, 44,
     O::kSequenceLstm, true, 24, 24, 2,
     "rows stream as steps, on one node; a variable"},
    {kDelay, "WHILE", C::kRecurrent, R::kSameScale, kWhileCode, O::kWhile, true,
     2, 2, 1, "rows stream as steps of a loop, on one node"},
    {kAdd, "ADD", C::kBinary, R::kComputed, 0, O::kAdd, false, 2, 2, 1,
     "rows stream; any broadcast"},
    {kSub, "SUB", C::kBinary, R::kComputed, 41, O::kSub, false, 2, 2, 1,
     "rows stream; any broadcast"},
    {kMul, "MUL", C::kBinary, R::kComputed, 18, O::kMul, false, 2, 2, 1,
     "rows stream; any broadcast"},
    {kDiv, "DIV", C::kBinary, R::kComputed, 42, O::kDiv, false, 2, 2, 1,
     "rows stream; any broadcast"},
    {kSquaredDifference, "SQUARED_DIFFERENCE", C::kBinary, R::kComputed, 99,
     O::kSquaredDifference, false, 2, 2, 1, "rows stream; any broadcast"},
    {kMaximum, "MAXIMUM", C::kBinary, R::kOfOperands, 55, O::kMaximumMinimum,
     false, 2, 2, 1, "rows stream; any broadcast"},
    {kMinimum, "MINIMUM", C::kBinary, R::kOfOperands, 57, O::kMaximumMinimum,
     false, 2, 2, 1, "rows stream; any broadcast"},
    {kEqual, "EQUAL", C::kBinary, R::kComputed, 71, O::kEqual, false, 2, 2, 1,
     "rows stream; any broadcast; BOOL goes on or out"},
    {kNotEqual, "NOT_EQUAL", C::kBinary, R::kComputed, 72, O::kNotEqual, false,
     2, 2, 1, "rows stream; any broadcast; BOOL goes on or out"},
    {kGreater, "GREATER", C::kBinary, R::kComputed, 61, O::kGreater, false, 2,
     2, 1, "rows stream; any broadcast; BOOL goes on or out"},
    {kGreaterEqual, "GREATER_EQUAL", C::kBinary, R::kComputed, 62,
     O::kGreaterEqual, false, 2, 2, 1,
     "rows stream; any broadcast; BOOL goes on or out"},
    {kLess, "LESS", C::kBinary, R::kComputed, 58, O::kLess, false, 2, 2, 1,
     "rows stream; any broadcast; BOOL goes on or out"},
    {kLessEqual, "LESS_EQUAL", C::kBinary, R::kComputed, 63, O::kLessEqual,
     false, 2, 2, 1, "rows stream; any broadcast; BOOL goes on or out"},
    {kLogicalAnd, "LOGICAL_AND", C::kBinary, R::kComputed, 86, O::kLogicalAnd,
     false, 2, 2, 1, "rows stream; any broadcast"},
    {kLogicalOr, "LOGICAL_OR", C::kBinary, R::kComputed, 84, O::kLogicalOr,
     false, 2, 2, 1, "rows stream; any broadcast"},
    {kFloorDiv, "FLOOR_DIV", C::kBinary, R::kComputed, 90, O::kFloorDiv, false,
     2, 2, 1, "in float32, or as a function of one value"},
    {kFloorMod, "FLOOR_MOD", C::kBinary, R::kComputed, 95, O::kFloorMod, false,
     2, 2, 1, "in float32, or as a function of one value"},
    {kSelectV2, "SELECT_V2", C::kSelect, R::kOfOperands, 123, O::kSelectV2,
     false, 3, 3, 1, "rows stream; any broadcast"},
    {kAveragePool2d, "AVERAGE_POOL_2D", C::kPool, R::kSameScale, 1, O::kPool2d,
     true, 1, 1, 1, "rows stream; tall windows in parts"},
    {kMaxPool2d, "MAX_POOL_2D", C::kPool, R::kOfOperand, 17, O::kPool2d, true,
     1, 1, 1, "rows stream; tall windows in parts"},
    {kMean, "MEAN", C::kReduce, R::kComputed, 40, O::kReducer, false, 2, 2, 1,
     "rows accumulate; any axes"},
    {kSum, "SUM", C::kReduce, R::kComputed, 74, O::kReducer, false, 2, 2, 1,
     "rows accumulate; any axes"},
    {kReduceMax, "REDUCE_MAX", C::kReduce, R::kOfOperand, 82, O::kReducer,
     false, 2, 2, 1, "rows accumulate; any axes"},
    {kReduceMin, "REDUCE_MIN", C::kReduce, R::kOfOperand, 89, O::kReducer,
     false, 2, 2, 1, "rows accumulate; any axes"},
    {kCumsum, "CUMSUM", C::kRunning, R::kComputed, 128, O::kCumsum, true, 2, 2,
     1, "rows stream along the last axis"},
    {kArgMax, "ARG_MAX", C::kArg, R::kComputed, 56, O::kArgMax, true, 2, 2, 1,
     "rows stream along the last axis; integers go out"},
    {kArgMin, "ARG_MIN", C::kArg, R::kComputed, 79, O::kArgMin, true, 2, 2, 1,
     "rows stream along the last axis; integers go out"},
    {kConcatenation, "CONCATENATION", C::kJoin, R::kOfOperands, 2,
     O::kConcatenation, true, 1, kMany, 1, "no copy: writers share a buffer"},
    {kPack, "PACK", C::kJoin, R::kOfOperands, 83, O::kPack, true, 1, kMany, 1,
     "no copy: writers share a buffer"},
    {kPad, "PAD", C::kPad, R::kOfOperand, 34, O::kPad, false, 2, 2, 1,
     "folded into convolutions where exact, else rows stream"},
    {kPadv2, "PADV2", C::kPad, R::kOfOperand, 60, O::kPadV2, false, 3, 3, 1,
     "rows stream"},
    {kMirrorPad, "MIRROR_PAD", C::kMirror, R::kOfOperand, 100, O::kMirrorPad,
     true, 2, 2, 1, "rows stream; holds the rows that a border repeats"},
    {kReshape, "RESHAPE", C::kReshape, R::kOfOperand, 22, O::kReshape, false, 1,
     2, 1, "no copy where rows allow, else bytes stream"},
    {kSqueeze, "SQUEEZE", C::kReshape, R::kOfOperand, 43, O::kSqueeze, false, 1,
     1, 1, "no copy"},
    {kExpandDims, "EXPAND_DIMS", C::kReshape, R::kOfOperand, 70, O::kExpandDims,
     false, 2, 2, 1, "no copy"},
    {kReadVariable, "READ_VARIABLE", C::kReshape, R::kOfOperand,
     kReadVariableCode, O::kReadVariable, false, 1, 1, 1,
     "no copy; with VAR_HANDLE, ASSIGN_VARIABLE, CALL_ONCE of constants"},
    {kTranspose, "TRANSPOSE", C::kTranspose, R::kOfOperand, 39, O::kTranspose,
     false, 2, 2, 1,
     "removed where consumers allow, else its share's input whole"},
    {kSlice, "SLICE", C::kSlice, R::kOfOperand, 65, O::kSlice, false, 3, 3, 1,
     "no copy with stride 1"},
    {kStridedSlice, "STRIDED_SLICE", C::kSlice, R::kOfOperand, 45,
     O::kStridedSlice, false, 4, 4, 1,
     "no copy with stride 1, else rows stream"},
    {kSplit, "SPLIT", C::kSplit, R::kOfOperand, 49, O::kSplit, true, 2, 2,
     kMany, "no copy"},
    {kSplitV, "SPLIT_V", C::kSplit, R::kOfOperand, 102, O::kSplitV, true, 3, 3,
     kMany, "no copy"},
    {kUnpack, "UNPACK", C::kSplit, R::kOfOperand, 88, O::kUnpack, true, 1, 1,
     kMany, "no copy"},
    {kGather, "GATHER", C::kGather, R::kOfOperand, 36, O::kGather, false, 2, 2,
     1, "rows stream; constant indices"},
    {kGatherNd, "GATHER_ND", C::kGather, R::kOfOperand, 107, O::kGatherNd,
     false, 2, 2, 1, "rows stream; constant indices"},
    {kResizeNearestNeighbor, "RESIZE_NEAREST_NEIGHBOR", C::kResize,
     R::kOfOperand, 97, O::kResizeNearestNeighbor, false, 2, 2, 1,
     "rows stream"},
    {kResizeBilinear, "RESIZE_BILINEAR", C::kBilinear, R::kSameScale, 23,
     O::kResizeBilinear, false, 2, 2, 1, "rows stream"},
    {kSpaceToDepth, "SPACE_TO_DEPTH", C::kBlocks, R::kOfOperand, 26,
     O::kSpaceToDepth, true, 1, 1, 1, "rows stream"},
    {kDepthToSpace, "DEPTH_TO_SPACE", C::kBlocks, R::kOfOperand, 5,
     O::kDepthToSpace, true, 1, 1, 1, "rows stream"},
    {kSpaceToBatchNd, "SPACE_TO_BATCH_ND", C::kBatches, R::kOfOperand, 38,
     O::kSpaceToBatchNd, false, 3, 3, 1,
     "around a convolution: its dilation; else input whole"},
    {kBatchToSpaceNd, "BATCH_TO_SPACE_ND", C::kBatches, R::kOfOperand, 37,
     O::kBatchToSpaceNd, false, 3, 3, 1,
     "around a convolution: its dilation; else input whole"},
    {kCast, "CAST", C::kCast, R::kComputed, 53, O::kCast, false, 1, 1, 1,
     "of bytes and wider integers; no copy"},
    {kQuantize, "QUANTIZE", C::kQuantize, R::kComputed, 114, O::kQuantize,
     false, 1, 1, 1, "table; at a float input: by the coordinator or caller"},
    {kDequantize, "DEQUANTIZE", C::kDequantize, R::kComputed, 6, O::kDequantize,
     false, 1, 1, 1, "at an output: done by the coordinator or caller"},
    {kRelu, "RELU", C::kUnary, R::kComputed, 19, O::kNone, false, 1, 1, 1,
     "rows stream; table"},
    {kRelu6, "RELU6", C::kUnary, R::kSameScale, 21, O::kNone, false, 1, 1, 1,
     "rows stream; table"},
    {kLeakyRelu, "LEAKY_RELU", C::kUnary, R::kComputed, 98, O::kLeakyRelu, true,
     1, 1, 1, "rows stream; table"},
    {kPrelu, "PRELU", C::kBinary, R::kComputed, 54, O::kNone, false, 2, 2, 1,
     "rows stream"},
    {kLogistic, "LOGISTIC", C::kUnary, R::kComputed, 14, O::kNone, false, 1, 1,
     1, "rows stream; table"},
    {kTanh, "TANH", C::kUnary, R::kComputed, 28, O::kNone, false, 1, 1, 1,
     "rows stream; table"},
    {kHardSwish, "HARD_SWISH", C::kUnary, R::kComputed, 117, O::kHardSwish,
     false, 1, 1, 1, "rows stream; table"},
    {kAbs, "ABS", C::kUnary, R::kComputed, 101, O::kAbs, false, 1, 1, 1,
     "rows stream; table"},
    {kNeg, "NEG", C::kUnary, R::kComputed, 59, O::kNeg, false, 1, 1, 1,
     "rows stream; table"},
    {kSquare, "SQUARE", C::kUnary, R::kComputed, 92, O::kSquare, false, 1, 1, 1,
     "rows stream; table"},
    {kSqrt, "SQRT", C::kUnary, R::kComputed, 75, O::kNone, false, 1, 1, 1,
     "rows stream; table"},
    {kRsqrt, "RSQRT", C::kUnary, R::kComputed, 76, O::kNone, false, 1, 1, 1,
     "rows stream; table"},
    {kExp, "EXP", C::kUnary, R::kComputed, 47, O::kExp, false, 1, 1, 1,
     "rows stream; table"},
    {kLog, "LOG", C::kUnary, R::kComputed, 73, O::kNone, false, 1, 1, 1,
     "rows stream; table"},
    {kGelu, "GELU", C::kUnary, R::kComputed, 150, O::kGelu, false, 1, 1, 1,
     "rows stream; table"},
    {kElu, "ELU", C::kUnary, R::kComputed, 111, O::kNone, false, 1, 1, 1,
     "rows stream; table"},
    {kSin, "SIN", C::kUnary, R::kComputed, 66, O::kNone, false, 1, 1, 1,
     "rows stream; table"},
    {kFloor, "FLOOR", C::kUnary, R::kComputed, 8, O::kNone, false, 1, 1, 1,
     "rows stream; table"},
    {kLogicalNot, "LOGICAL_NOT", C::kUnary, R::kComputed, 87, O::kLogicalNot,
     false, 1, 1, 1, "rows stream; table"},
    {kFunction, "FUNCTION", C::kUnary, R::kComputed, kNoCode, O::kNone, false,
     1, 1, 1, "DEQUANTIZE, functions of one value in float32, QUANTIZE; table"},
    {kTable, "TABLE", C::kUnary, R::kComputed, kNoCode, O::kNone, false, 1, 1,
     1, "a part of a comparison or of SELECT_V2"},
    {kLogSoftmax, "LOG_SOFTMAX", C::kSoftmax, R::kComputed, 50, O::kLogSoftmax,
     false, 1, 1, 1, "rows stream; last axis"},
    {kL2Normalization, "L2_NORMALIZATION", C::kSoftmax, R::kComputed, 11,
     O::kL2Norm, false, 1, 1, 1, "rows stream; last axis"},
    {kSoftmax, "SOFTMAX", C::kSoftmax, R::kComputed, 25, O::kSoftmax, true, 1,
     1, 1, "rows stream; last axis"},
};

constexpr bool in_order() {
  for (size_t i = 0; i < std::size(kOps); ++i) {
    if (static_cast<size_t>(kOps[i].kind) != i) return false;
  }
  return std::size(kOps) == kOpKinds;
}
static_assert(in_order());

// The operators that the format has besides, and what to use instead.
struct Unsupported {
  int code;
  const char* name;
  const char* instead;
};
constexpr char kControlFlow[] =
    "control flow, which no plan can foresee; export the model without it "
    "(unroll its loops, fix its conditions)";
constexpr Unsupported kUnsupported[] = {
    {7, "EMBEDDING_LOOKUP", nullptr},
    {10, "HASHTABLE_LOOKUP", nullptr},
    {12, "L2_POOL_2D", "use AVERAGE_POOL_2D"},
    {13, "LOCAL_RESPONSE_NORMALIZATION", nullptr},
    {15, "LSH_PROJECTION", nullptr},
    {16, "LSTM", nullptr},
    {20, "RELU_N1_TO_1", "fuse it into the layer before it"},
    {24, "RNN", nullptr},
    {27, "SVDF", nullptr},
    {29, "CONCAT_EMBEDDINGS", nullptr},
    {30, "SKIP_GRAM", nullptr},
    {31, "CALL", nullptr},
    {kCompositeCode, "STABLEHLO_COMPOSITE", nullptr},
    {32, "CUSTOM", nullptr},
    {33, "EMBEDDING_LOOKUP_SPARSE", nullptr},
    {35, "UNIDIRECTIONAL_SEQUENCE_RNN", nullptr},
    {46, "BIDIRECTIONAL_SEQUENCE_RNN", nullptr},
    {48, "TOPK_V2", "take the model's scores; the host sorts them"},
    {51, "DELEGATE", nullptr},
    {52, "BIDIRECTIONAL_SEQUENCE_LSTM", nullptr},
    {64, "SELECT", nullptr},
    {68, "SPARSE_TO_DENSE", nullptr},
    {69, "TILE", "use CONCATENATION, or the broadcast of ADD and MUL"},
    {77, "SHAPE", "export the model with fixed shapes"},
    {78, "POW", nullptr},
    {80, "FAKE_QUANT", "convert the quantization-aware model to int8"},
    {81, "REDUCE_PROD", nullptr},
    {85, "ONE_HOT", nullptr},
    {91, "REDUCE_ANY", nullptr},
    {93, "ZEROS_LIKE", nullptr},
    {94, "FILL", nullptr},
    {96, "RANGE", nullptr},
    {103, "UNIQUE", nullptr},
    {104, "CEIL", nullptr},
    {105, "REVERSE_V2", nullptr},
    {106, "ADD_N", "use a chain of ADD"},
    {108, "COS", nullptr},
    {109, "WHERE", nullptr},
    {110, "RANK", nullptr},
    {112, "REVERSE_SEQUENCE", nullptr},
    {113, "MATRIX_DIAG", nullptr},
    {115, "MATRIX_SET_DIAG", nullptr},
    {116, "ROUND", nullptr},
    {118, "IF", kControlFlow},
    {120, "NON_MAX_SUPPRESSION_V4", nullptr},
    {121, "NON_MAX_SUPPRESSION_V5", nullptr},
    {122, "SCATTER_ND", nullptr},
    {124, "DENSIFY", nullptr},
    {125, "SEGMENT_SUM", nullptr},
    {127, "PLACEHOLDER_FOR_GREATER_OP_CODES", nullptr},
    {kCallOnceCode, "CALL_ONCE", nullptr},
    {130, "BROADCAST_TO", "use the broadcast of ADD and MUL"},
    {131, "RFFT2D", nullptr},
    {132, "CONV_3D", "use CONV_2D"},
    {133, "IMAG", nullptr},
    {134, "REAL", nullptr},
    {135, "COMPLEX_ABS", nullptr},
    {136, "HASHTABLE", nullptr},
    {137, "HASHTABLE_FIND", nullptr},
    {138, "HASHTABLE_IMPORT", nullptr},
    {139, "HASHTABLE_SIZE", nullptr},
    {140, "REDUCE_ALL", nullptr},
    {141, "CONV_3D_TRANSPOSE", nullptr},
    {kVarHandleCode, "VAR_HANDLE", nullptr},
    {kAssignVariableCode, "ASSIGN_VARIABLE", nullptr},
    {145, "BROADCAST_ARGS", nullptr},
    {146, "RANDOM_STANDARD_NORMAL", nullptr},
    {147, "BUCKETIZE", nullptr},
    {148, "RANDOM_UNIFORM", nullptr},
    {149, "MULTINOMIAL", nullptr},
    {151, "DYNAMIC_UPDATE_SLICE", nullptr},
    {152, "RELU_0_TO_1", "use RELU6, or fuse a RELU into the layer before it"},
};

const Unsupported* find_unsupported(int code) {
  for (const Unsupported& u : kUnsupported) {
    if (u.code == code) return &u;
  }
  return nullptr;
}

}  // namespace

std::span<const OpInfo> all_operators() { return kOps; }

const OpInfo& op_info(OpKind kind) { return kOps[static_cast<size_t>(kind)]; }

const OpInfo* find_op(int tflite_code) {
  for (const OpInfo& info : kOps) {
    if (info.code == tflite_code && tflite_code != kNoCode) return &info;
  }
  return nullptr;
}

std::string builtin_name(int code) {
  if (const OpInfo* op = find_op(code)) return op->name;
  if (const Unsupported* u = find_unsupported(code)) return u->name;
  return "operator " + std::to_string(code);
}

std::string replacement(int code) {
  const Unsupported* u = find_unsupported(code);
  return u != nullptr && u->instead != nullptr
             ? u->instead
             : "end the model before it, or retrain without it";
}

const char* op_name(OpKind kind) { return op_info(kind).name; }

bool computes_int16(OpKind kind) {
  static constexpr ByKind<bool> kKinds({{kConv2d, true},
                                        {kDepthwiseConv2d, true},
                                        {kFullyConnected, true},
                                        {kTransposeConv, true},
                                        {kBatchMatmul, true},
                                        {kLstm, true},
                                        {kDelay, true},
                                        {kAdd, true},
                                        {kSub, true},
                                        {kMul, true},
                                        {kSquaredDifference, true},
                                        {kMaximum, true},
                                        {kMinimum, true},
                                        {kAveragePool2d, true},
                                        {kMaxPool2d, true},
                                        {kMean, true},
                                        {kSum, true},
                                        {kConcatenation, true},
                                        {kPack, true},
                                        {kUnpack, true},
                                        {kPad, true},
                                        {kPadv2, true},
                                        {kReshape, true},
                                        {kSqueeze, true},
                                        {kExpandDims, true},
                                        {kReadVariable, true},
                                        {kTranspose, true},
                                        {kSlice, true},
                                        {kStridedSlice, true},
                                        {kSplit, true},
                                        {kSplitV, true},
                                        {kResizeNearestNeighbor, true},
                                        {kQuantize, true},
                                        {kDequantize, true},
                                        {kRelu, true},
                                        {kRelu6, true},
                                        {kLeakyRelu, true},
                                        {kPrelu, true},
                                        {kAbs, true},
                                        {kLogistic, true},
                                        {kTanh, true},
                                        {kSoftmax, true}});
  return kKinds[kind];
}

bool has_weights(OpKind kind) {
  return class_of(kind) == OpClass::kConvolution ||
         class_of(kind) == OpClass::kFullyConnected;
}

bool moves_bytes(OpKind kind) {
  return class_of(kind) >= OpClass::kJoin &&
         class_of(kind) <= OpClass::kBatches;
}

}  // namespace shoal
