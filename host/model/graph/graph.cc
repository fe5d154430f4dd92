#include "host/model/graph/graph.h"

#include <algorithm>
#include <cstddef>

namespace shoal {
namespace {

// In the order of OpKind.
constexpr const char* kOpNames[] = {"CONV_2D",
                                    "DEPTHWISE_CONV_2D",
                                    "FULLY_CONNECTED",
                                    "TRANSPOSE_CONV",
                                    "ADD",
                                    "SUB",
                                    "MUL",
                                    "MAXIMUM",
                                    "MINIMUM",
                                    "AVERAGE_POOL_2D",
                                    "MAX_POOL_2D",
                                    "MEAN",
                                    "SUM",
                                    "REDUCE_MAX",
                                    "CONCATENATION",
                                    "PAD",
                                    "PADV2",
                                    "RESHAPE",
                                    "SQUEEZE",
                                    "EXPAND_DIMS",
                                    "TRANSPOSE",
                                    "SLICE",
                                    "STRIDED_SLICE",
                                    "SPLIT",
                                    "RESIZE_NEAREST_NEIGHBOR",
                                    "SPACE_TO_DEPTH",
                                    "DEPTH_TO_SPACE",
                                    "QUANTIZE",
                                    "DEQUANTIZE",
                                    "RELU",
                                    "RELU6",
                                    "LEAKY_RELU",
                                    "PRELU",
                                    "LOGISTIC",
                                    "TANH",
                                    "HARD_SWISH",
                                    "SOFTMAX"};
static_assert(std::size(kOpNames) == static_cast<size_t>(OpKind::kSoftmax) + 1);

const Tensor& at(const Graph& graph, int tensor) {
  return graph.tensors[static_cast<size_t>(tensor)];
}

}  // namespace

const char* type_name(Type type) {
  switch (type) {
    case Type::kInt8:
      return "INT8";
    case Type::kUint8:
      return "UINT8";
    case Type::kInt32:
      return "INT32";
    case Type::kFloat32:
      return "FLOAT32";
  }
  return "?";
}

int type_bytes(Type type) {
  return type == Type::kInt32 || type == Type::kFloat32 ? 4 : 1;
}

int64_t element_count(const Shape& shape) {
  int64_t count = 1;
  for (const int size : shape) count *= size;
  return count;
}

const char* op_name(OpKind kind) { return kOpNames[static_cast<size_t>(kind)]; }

bool is_float(const Graph& graph) {
  return std::any_of(graph.ops.begin(), graph.ops.end(), [&](const Op& op) {
    const Tensor& made = graph.tensors[static_cast<size_t>(op.outputs[0])];
    return made.type == Type::kFloat32 && op.kind != OpKind::kDequantize;
  });
}

int64_t op_macs(const Graph& graph, const Op& op) {
  if (op.kind != OpKind::kConv2d && op.kind != OpKind::kDepthwiseConv2d &&
      op.kind != OpKind::kFullyConnected) {
    return 0;
  }
  const Shape& weights = at(graph, op.inputs[1]).shape;
  const int64_t outputs = element_count(at(graph, op.outputs[0]).shape);
  switch (op.kind) {
    case OpKind::kConv2d:
      return outputs * weights[1] * weights[2] * weights[3];
    case OpKind::kDepthwiseConv2d:
      return outputs * weights[1] * weights[2];
    default:
      return outputs * weights[1];
  }
}

int64_t model_macs(const Graph& graph) {
  int64_t macs = 0;
  for (const Op& op : graph.ops) macs += op_macs(graph, op);
  return macs;
}

}  // namespace shoal
