// Versions as TensorFlow Lite's own writers give them: a reader refuses an
// operator of a version that it does not know, and may take the types of a
// lower one for granted.
#include <algorithm>

#include "host/model/export/op_writer.h"

namespace shoal {
namespace {

// What versions depend on. Bytes count as the file has them.
struct Signature {
  bool int8 = false, uint8 = false;
  size_t rank = 0;         // of the first operand
  size_t widest_rank = 0;  // of both operands of a binary operator
  bool broadcast = false;
};

Signature signature(const Graph& g, const Op& op) {
  const Tensor& x = g.tensors[static_cast<size_t>(op.inputs[0])];
  Signature s;
  s.int8 = x.file_type == Type::kInt8;
  s.uint8 = x.file_type == Type::kUint8;
  s.rank = s.widest_rank = x.shape.size();
  if (op.inputs.size() == 2) {
    const Shape& other = g.tensors[static_cast<size_t>(op.inputs[1])].shape;
    s.widest_rank = std::max(s.rank, other.size());
    s.broadcast = other != x.shape;
  }
  return s;
}

int mul_version(const Graph& g, const Op& op, bool int8) {
  const auto scale = [&g](int t) {
    return g.tensors[static_cast<size_t>(t)].scale();
  };
  const float a = scale(op.inputs[0]), b = scale(op.inputs[1]);
  const float y = scale(op.outputs[0]);
  if (a != 0 && b != 0 && y != 0 && a * b / y >= 1.f) return 3;
  return int8 ? 2 : 1;
}

int transpose_conv_version(const RawOp& raw, bool int8) {
  if (raw.options.activation != 0) return 4;
  if (raw.inputs.size() == 4) return 3;
  return int8 ? 2 : 1;
}

int window_version(const Signature& s, const Op& op, const RawOp& raw) {
  const RawOptions& o = raw.options;
  switch (op.kind) {
    case OpKind::kConv2d:
      return s.int8 ? 3 : 1;
    case OpKind::kDepthwiseConv2d:
      if (s.int8) return 3;
      return o.dilation_h != 1 || o.dilation_w != 1 ? 2 : 1;
    case OpKind::kFullyConnected:
      if (o.keep_num_dims) return 5;
      return s.int8 ? 4 : 1;
    default:
      return transpose_conv_version(raw, s.int8);
  }
}

}  // namespace

int op_version(const Graph& g, const Op& op, const RawOp& raw) {
  const Signature s = signature(g, op);
  switch (op.kind) {
    case OpKind::kConv2d:
    case OpKind::kDepthwiseConv2d:
    case OpKind::kFullyConnected:
    case OpKind::kTransposeConv:
      return window_version(s, op, raw);
    case OpKind::kMul:
      return mul_version(g, op, s.int8);
    case OpKind::kSub:
    case OpKind::kMaximum:
    case OpKind::kMinimum:
      if (s.broadcast && s.widest_rank > 4) return 3;
      return s.int8 ? 2 : 1;
    case OpKind::kPad:
    case OpKind::kPadv2:
    case OpKind::kStridedSlice:
      if (s.rank > 4) return 4;
      return s.int8 ? 2 : 1;
    case OpKind::kTranspose:
      if (s.rank > 4) return s.rank > 5 ? 6 : 4;
      return s.int8 ? 2 : 1;
    case OpKind::kSlice:
      if (s.rank > 4) return 5;
      return s.int8 ? 2 : 1;
    case OpKind::kResizeNearestNeighbor:
      if (raw.options.align_corners || raw.options.half_pixel_centers) return 3;
      return s.int8 ? 2 : 1;
    case OpKind::kRelu:
      return s.int8 || s.uint8 ? 2 : 1;
    case OpKind::kReshape:
    case OpKind::kSqueeze:
    case OpKind::kExpandDims:
    case OpKind::kQuantize:
    case OpKind::kLeakyRelu:
    case OpKind::kPrelu:
    case OpKind::kHardSwish:
      return 1;
    default:
      return s.int8 ? 2 : 1;
  }
}

}  // namespace shoal
