#include "host/model/graph/graph.h"

#include <algorithm>
#include <cstddef>

#include "device/program/params.h"
#include "host/model/graph/operators.h"

namespace shoal {
namespace {

const Tensor& at(const Graph& graph, int tensor) {
  return graph.tensors[static_cast<size_t>(tensor)];
}

}  // namespace

bool FunctionAttr::operator==(const FunctionAttr& other) const {
  const auto same = [](const Op& a, const Op& b) {
    return a.kind == b.kind && a.inputs == b.inputs && a.attr == b.attr;
  };
  return constants == other.constants &&
         std::ranges::equal(steps, other.steps, same);
}

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
    case Type::kInt64:
      return "INT64";
    case Type::kBool:
      return "BOOL";
    case Type::kInt4:
      return "INT4";
    case Type::kInt16:
      return "INT16";
  }
  return "?";
}

int type_bytes(Type type) {
  if (type == Type::kInt64) return 8;
  if (type == Type::kInt16) return 2;
  return type == Type::kInt32 || type == Type::kFloat32 ? 4 : 1;
}

bool is_wide(Type type) { return type == Type::kInt32 || type == Type::kInt64; }

bool is_int16(const Tensor& t) { return t.type == Type::kInt16; }

bool is_bool(const Tensor& t) { return t.file_type == Type::kBool; }

int64_t element_count(const Shape& shape) {
  int64_t count = 1;
  for (const int size : shape) count *= size;
  return count;
}

Shape part_shape(const Shape& part, const Shape& whole, int axis) {
  Shape shape = part;
  if (part.size() < whole.size()) shape.insert(shape.begin() + axis, 1);
  return shape;
}

bool is_float(const Graph& graph) {
  return std::any_of(graph.ops.begin(), graph.ops.end(), [&](const Op& op) {
    const Tensor& made = graph.tensors[static_cast<size_t>(op.outputs[0])];
    return made.type == Type::kFloat32 && op.kind != OpKind::kDequantize &&
           op.kind != OpKind::kCast;
  });
}

int file_number(const Graph& graph, int op) {
  return graph.file_numbers.empty()
             ? op
             : graph.file_numbers[static_cast<size_t>(op)];
}

int64_t op_macs(const Graph& graph, const Op& op) {
  if (op.kind == OpKind::kBatchMatmul) {
    const Shape& x = at(graph, op.inputs[0]).shape;
    const bool swapped = std::get<MatmulAttr>(op.attr).adj_x;
    return element_count(at(graph, op.outputs[0]).shape) *
           x[x.size() - (swapped ? 2 : 1)];
  }
  if (op.kind == OpKind::kLstm) {
    const Shape& y = at(graph, op.outputs[0]).shape;
    const int64_t row =
        int64_t{at(graph, op.inputs[0]).shape.back()} + y.back();
    return element_count(y) * kLstmGates * row;
  }
  if (!has_weights(op.kind)) return 0;
  const Shape& weights = at(graph, op.inputs[1]).shape;
  if (op.kind == OpKind::kTransposeConv) {
    // Each element of the input meets its weights of all outputs, some of which
    // may lie outside the result.
    const int64_t each = element_count(weights) / weights.back();
    return element_count(at(graph, op.inputs[0]).shape) * each;
  }
  int64_t macs = element_count(at(graph, op.outputs[0]).shape);
  for (size_t i = 1; i < weights.size(); ++i) macs *= weights[i];
  // Each channel of DEPTHWISE_CONV_2D, its last axis, sees its own.
  return op.kind == OpKind::kDepthwiseConv2d ? macs / weights.back() : macs;
}

int64_t model_macs(const Graph& graph) {
  int64_t macs = 0;
  for (const Op& op : graph.ops) macs += op_macs(graph, op);
  return macs;
}

}  // namespace shoal
