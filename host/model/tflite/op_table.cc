#include "host/model/tflite/op_table.h"

#include <array>
#include <cstddef>
#include <stdexcept>

namespace shoal {
namespace {

using enum OpKind;
using O = OptionsCode;
constexpr int kMany = 1 << 20;

constexpr OpInfo kOps[] = {
    {0, kAdd, O::kAdd, false, 2, 2, 1},
    {1, kAveragePool2d, O::kPool2d, true, 1, 1, 1},
    {2, kConcatenation, O::kConcatenation, true, 1, kMany, 1},
    {3, kConv2d, O::kConv2d, true, 2, 3, 1},
    {4, kDepthwiseConv2d, O::kDepthwiseConv2d, true, 2, 3, 1},
    {5, kDepthToSpace, O::kDepthToSpace, true, 1, 1, 1},
    {6, kDequantize, O::kDequantize, false, 1, 1, 1},
    {9, kFullyConnected, O::kFullyConnected, false, 2, 3, 1},
    {14, kLogistic, O::kNone, false, 1, 1, 1},
    {17, kMaxPool2d, O::kPool2d, true, 1, 1, 1},
    {18, kMul, O::kMul, false, 2, 2, 1},
    {19, kRelu, O::kNone, false, 1, 1, 1},
    {21, kRelu6, O::kNone, false, 1, 1, 1},
    {22, kReshape, O::kReshape, false, 1, 2, 1},
    {25, kSoftmax, O::kSoftmax, true, 1, 1, 1},
    {26, kSpaceToDepth, O::kSpaceToDepth, true, 1, 1, 1},
    {28, kTanh, O::kNone, false, 1, 1, 1},
    {34, kPad, O::kPad, false, 2, 2, 1},
    {39, kTranspose, O::kTranspose, false, 2, 2, 1},
    {40, kMean, O::kReducer, false, 2, 2, 1},
    {41, kSub, O::kSub, false, 2, 2, 1},
    {43, kSqueeze, O::kSqueeze, false, 1, 1, 1},
    {45, kStridedSlice, O::kStridedSlice, false, 4, 4, 1},
    {49, kSplit, O::kSplit, true, 2, 2, kMany},
    {54, kPrelu, O::kNone, false, 2, 2, 1},
    {55, kMaximum, O::kMaximumMinimum, false, 2, 2, 1},
    {57, kMinimum, O::kMaximumMinimum, false, 2, 2, 1},
    {60, kPadv2, O::kPadV2, false, 3, 3, 1},
    {65, kSlice, O::kSlice, false, 3, 3, 1},
    {67, kTransposeConv, O::kTransposeConv, true, 3, 4, 1},
    {70, kExpandDims, O::kExpandDims, false, 2, 2, 1},
    {74, kSum, O::kReducer, false, 2, 2, 1},
    {82, kReduceMax, O::kReducer, false, 2, 2, 1},
    {97, kResizeNearestNeighbor, O::kResizeNearestNeighbor, false, 2, 2, 1},
    {98, kLeakyRelu, O::kLeakyRelu, true, 1, 1, 1},
    {114, kQuantize, O::kQuantize, false, 1, 1, 1},
    {117, kHardSwish, O::kHardSwish, false, 1, 1, 1},
};

constexpr std::array kNames = {"ADD",
                               "AVERAGE_POOL_2D",
                               "CONCATENATION",
                               "CONV_2D",
                               "DEPTHWISE_CONV_2D",
                               "DEPTH_TO_SPACE",
                               "DEQUANTIZE",
                               "EMBEDDING_LOOKUP",
                               "FLOOR",
                               "FULLY_CONNECTED",
                               "HASHTABLE_LOOKUP",
                               "L2_NORMALIZATION",
                               "L2_POOL_2D",
                               "LOCAL_RESPONSE_NORMALIZATION",
                               "LOGISTIC",
                               "LSH_PROJECTION",
                               "LSTM",
                               "MAX_POOL_2D",
                               "MUL",
                               "RELU",
                               "RELU_N1_TO_1",
                               "RELU6",
                               "RESHAPE",
                               "RESIZE_BILINEAR",
                               "RNN",
                               "SOFTMAX",
                               "SPACE_TO_DEPTH",
                               "SVDF",
                               "TANH",
                               "CONCAT_EMBEDDINGS",
                               "SKIP_GRAM",
                               "CALL",
                               "CUSTOM",
                               "EMBEDDING_LOOKUP_SPARSE",
                               "PAD",
                               "UNIDIRECTIONAL_SEQUENCE_RNN",
                               "GATHER",
                               "BATCH_TO_SPACE_ND",
                               "SPACE_TO_BATCH_ND",
                               "TRANSPOSE",
                               "MEAN",
                               "SUB",
                               "DIV",
                               "SQUEEZE",
                               "UNIDIRECTIONAL_SEQUENCE_LSTM",
                               "STRIDED_SLICE",
                               "BIDIRECTIONAL_SEQUENCE_RNN",
                               "EXP",
                               "TOPK_V2",
                               "SPLIT",
                               "LOG_SOFTMAX",
                               "DELEGATE",
                               "BIDIRECTIONAL_SEQUENCE_LSTM",
                               "CAST",
                               "PRELU",
                               "MAXIMUM",
                               "ARG_MAX",
                               "MINIMUM",
                               "LESS",
                               "NEG",
                               "PADV2",
                               "GREATER",
                               "GREATER_EQUAL",
                               "LESS_EQUAL",
                               "SELECT",
                               "SLICE",
                               "SIN",
                               "TRANSPOSE_CONV",
                               "SPARSE_TO_DENSE",
                               "TILE",
                               "EXPAND_DIMS",
                               "EQUAL",
                               "NOT_EQUAL",
                               "LOG",
                               "SUM",
                               "SQRT",
                               "RSQRT",
                               "SHAPE",
                               "POW",
                               "ARG_MIN",
                               "FAKE_QUANT",
                               "REDUCE_PROD",
                               "REDUCE_MAX",
                               "PACK",
                               "LOGICAL_OR",
                               "ONE_HOT",
                               "LOGICAL_AND",
                               "LOGICAL_NOT",
                               "UNPACK",
                               "REDUCE_MIN",
                               "FLOOR_DIV",
                               "REDUCE_ANY",
                               "SQUARE",
                               "ZEROS_LIKE",
                               "FILL",
                               "FLOOR_MOD",
                               "RANGE",
                               "RESIZE_NEAREST_NEIGHBOR",
                               "LEAKY_RELU",
                               "SQUARED_DIFFERENCE",
                               "MIRROR_PAD",
                               "ABS",
                               "SPLIT_V",
                               "UNIQUE",
                               "CEIL",
                               "REVERSE_V2",
                               "ADD_N",
                               "GATHER_ND",
                               "COS",
                               "WHERE",
                               "RANK",
                               "ELU",
                               "REVERSE_SEQUENCE",
                               "MATRIX_DIAG",
                               "QUANTIZE",
                               "MATRIX_SET_DIAG",
                               "ROUND",
                               "HARD_SWISH",
                               "IF",
                               "WHILE",
                               "NON_MAX_SUPPRESSION_V4",
                               "NON_MAX_SUPPRESSION_V5",
                               "SCATTER_ND",
                               "SELECT_V2",
                               "DENSIFY",
                               "SEGMENT_SUM",
                               "BATCH_MATMUL",
                               "PLACEHOLDER_FOR_GREATER_OP_CODES",
                               "CUMSUM",
                               "CALL_ONCE",
                               "BROADCAST_TO",
                               "RFFT2D",
                               "CONV_3D",
                               "IMAG",
                               "REAL",
                               "COMPLEX_ABS",
                               "HASHTABLE",
                               "HASHTABLE_FIND",
                               "HASHTABLE_IMPORT",
                               "HASHTABLE_SIZE",
                               "REDUCE_ALL",
                               "CONV_3D_TRANSPOSE",
                               "VAR_HANDLE",
                               "READ_VARIABLE",
                               "ASSIGN_VARIABLE",
                               "BROADCAST_ARGS",
                               "RANDOM_STANDARD_NORMAL",
                               "BUCKETIZE",
                               "RANDOM_UNIFORM",
                               "MULTINOMIAL",
                               "GELU",
                               "DYNAMIC_UPDATE_SLICE",
                               "RELU_0_TO_1"};

struct Replacement {
  const char* op;
  const char* instead;
};
constexpr Replacement kReplacements[] = {
    {"RESIZE_BILINEAR",
     "use RESIZE_NEAREST_NEIGHBOR or TRANSPOSE_CONV for upsampling"},
    {"RELU_N1_TO_1", "fuse it into the layer before it"},
    {"RELU_0_TO_1", "use RELU6, or fuse a RELU into the layer before it"},
    {"ELU", "use LEAKY_RELU"},
    {"GELU", "use HARD_SWISH"},
    {"DIV", "use MUL by the reciprocal"},
    {"SQUARE", "use MUL of the tensor with itself"},
    {"NEG", "use SUB from a constant 0"},
    {"ABS", "use MAXIMUM of the tensor and its negative"},
    {"ADD_N", "use a chain of ADD"},
    {"REDUCE_MIN", "use REDUCE_MAX of the negative"},
    {"LOG_SOFTMAX", "use SOFTMAX"},
    {"SPLIT_V", "use SPLIT or SLICE"},
    {"UNPACK", "use SPLIT and SQUEEZE"},
    {"PACK", "use EXPAND_DIMS and CONCATENATION; export with fixed shapes"},
    {"SHAPE", "export the model with fixed shapes"},
    {"TILE", "use CONCATENATION, or the broadcast of ADD and MUL"},
    {"BROADCAST_TO", "use the broadcast of ADD and MUL"},
    {"MIRROR_PAD", "use PAD"},
    {"L2_POOL_2D", "use AVERAGE_POOL_2D"},
    {"SPACE_TO_BATCH_ND", "export the convolution with its dilation"},
    {"BATCH_TO_SPACE_ND", "export the convolution with its dilation"},
    {"CONV_3D", "use CONV_2D"},
    {"BATCH_MATMUL", "use FULLY_CONNECTED if one side is constant"},
    {"CAST", "quantize the model with int8 inputs"},
    {"FAKE_QUANT", "convert the quantization-aware model to int8"},
    {"ARG_MAX", "take the model's scores; the host sorts them"},
    {"TOPK_V2", "take the model's scores; the host sorts them"},
};

}  // namespace

const OpInfo* find_op(int code) {
  for (const OpInfo& info : kOps) {
    if (info.code == code) return &info;
  }
  return nullptr;
}

const OpInfo& op_info(OpKind kind) {
  for (const OpInfo& info : kOps) {
    if (info.kind == kind) return info;
  }
  throw std::logic_error("an operator is missing in the table");
}

std::string builtin_name(int code) {
  if (code < 0 || static_cast<size_t>(code) >= kNames.size()) {
    return "operator " + std::to_string(code);
  }
  return kNames[static_cast<size_t>(code)];
}

std::string replacement(int code) {
  const std::string name = builtin_name(code);
  for (const Replacement& r : kReplacements) {
    if (name == r.op) return r.instead;
  }
  return "end the model before it, or retrain without it";
}

int type_code(Type type) {
  switch (type) {
    case Type::kInt8:
      return kCodeInt8;
    case Type::kUint8:
      return kCodeUint8;
    case Type::kInt32:
      return kCodeInt32;
    case Type::kFloat32:
      return kCodeFloat32;
  }
  return -1;
}

}  // namespace shoal
