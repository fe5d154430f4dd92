// Versions as TensorFlow Lite's own writers give them: a reader refuses an
// operator of a version that it does not know, and may take the types of a
// lower one for granted.
#include <algorithm>

#include "host/model/export/op_writer.h"

namespace shoal {
namespace {

// The operator's versions for float32, for int8, and for more than four axes if
// that version is another one.
struct Versions {
  int plain = 1, int8 = 2, wide = 0;
  bool uint8 = false;  // counts as int8
};
constexpr ByKind<Versions> kVersions({{OpKind::kConv2d, {1, 3}},
                                      {OpKind::kDepthwiseConv2d, {1, 3}},
                                      {OpKind::kFullyConnected, {1, 4}},
                                      {OpKind::kSub, {1, 2, 3}},
                                      {OpKind::kMaximum, {1, 2, 3}},
                                      {OpKind::kMinimum, {1, 2, 3}},
                                      {OpKind::kPad, {1, 2, 4}},
                                      {OpKind::kPadv2, {1, 2, 4}},
                                      {OpKind::kStridedSlice, {1, 2, 4}},
                                      {OpKind::kTranspose, {1, 2, 4}},
                                      {OpKind::kSquaredDifference, {1, 2}},
                                      {OpKind::kDiv, {1, 1, 2}},
                                      {OpKind::kAbs, {1, 2, 0, true}},
                                      {OpKind::kGelu, {1, 2, 0, true}},
                                      {OpKind::kElu, {1, 1}},
                                      {OpKind::kFloor, {1, 1}},
                                      {OpKind::kSelectV2, {1, 1}},
                                      {OpKind::kSin, {1, 1}},
                                      {OpKind::kExp, {1, 2}},
                                      {OpKind::kSqrt, {1, 1}},
                                      {OpKind::kSquare, {1, 1}},
                                      {OpKind::kNeg, {1, 1}},
                                      {OpKind::kCumsum, {1, 1}},
                                      {OpKind::kCast, {1, 1}},
                                      {OpKind::kGatherNd, {1, 1}},
                                      {OpKind::kSplitV, {1, 2}},
                                      {OpKind::kSlice, {1, 2, 5}},
                                      {OpKind::kUnpack, {1, 2, 0, true}},
                                      {OpKind::kRelu, {1, 2, 0, true}},
                                      {OpKind::kReshape, {1, 1}},
                                      {OpKind::kSqueeze, {1, 1}},
                                      {OpKind::kExpandDims, {1, 1}},
                                      {OpKind::kQuantize, {1, 1}},
                                      {OpKind::kLeakyRelu, {1, 1}},
                                      {OpKind::kPrelu, {1, 1}},
                                      {OpKind::kHardSwish, {1, 1}}});

// The versions for int16; 0: that for int8.
constexpr ByKind<int> kInt16Versions({{OpKind::kConv2d, 4},
                                      {OpKind::kDepthwiseConv2d, 5},
                                      {OpKind::kFullyConnected, 7},
                                      {OpKind::kAdd, 3},
                                      {OpKind::kSub, 5},
                                      {OpKind::kMul, 4},
                                      {OpKind::kMaximum, 4},
                                      {OpKind::kMinimum, 4},
                                      {OpKind::kSquaredDifference, 3},
                                      {OpKind::kAveragePool2d, 3},
                                      {OpKind::kMaxPool2d, 3},
                                      {OpKind::kMean, 3},
                                      {OpKind::kConcatenation, 3},
                                      {OpKind::kPack, 3},
                                      {OpKind::kUnpack, 4},
                                      {OpKind::kPad, 3},
                                      {OpKind::kPadv2, 3},
                                      {OpKind::kTranspose, 4},
                                      {OpKind::kSlice, 4},
                                      {OpKind::kStridedSlice, 4},
                                      {OpKind::kSplit, 4},
                                      {OpKind::kResizeNearestNeighbor, 4},
                                      {OpKind::kBatchMatmul, 3},
                                      {OpKind::kQuantize, 2},
                                      {OpKind::kDequantize, 3},
                                      {OpKind::kRelu, 3},
                                      {OpKind::kLeakyRelu, 2},
                                      {OpKind::kLogistic, 3},
                                      {OpKind::kTanh, 3},
                                      {OpKind::kSoftmax, 3}});

// The properties that a version depends on. Bytes count as the file has them.
struct Signature {
  bool int8 = false, uint8 = false;
  bool int4 = false;  // weights
  size_t rank = 0;    // of a binary operator's result, if it broadcasts
};

Signature signature(const Graph& g, const Op& op) {
  const Tensor& x = g.tensors[static_cast<size_t>(op.inputs[0])];
  Signature s;
  s.int8 = x.file_type == Type::kInt8;
  s.uint8 = x.file_type == Type::kUint8;
  s.rank = x.shape.size();
  if (has_weights(op.kind)) {
    const Tensor& w = g.tensors[static_cast<size_t>(op.inputs[1])];
    s.int4 = w.file_type == Type::kInt4;
  }
  if (class_of(op.kind) == OpClass::kBinary) {
    const Shape& other = g.tensors[static_cast<size_t>(op.inputs[1])].shape;
    s.rank = other == x.shape ? 0 : std::max(s.rank, other.size());
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

int int4_version(OpKind kind) {
  if (kind == OpKind::kFullyConnected) return 9;
  return kind == OpKind::kDepthwiseConv2d ? 6 : 7;
}

}  // namespace

int op_version(const Graph& g, const Op& op, const RawOp& raw) {
  const Signature s = signature(g, op);
  const Versions& v = kVersions[op.kind];
  const RawOptions& o = raw.options;
  const Tensor& y = g.tensors[static_cast<size_t>(op.outputs[0])];
  const bool wide =
      is_int16(g.tensors[static_cast<size_t>(op.inputs[0])]) || is_int16(y);
  if (wide && kInt16Versions[op.kind] != 0) return kInt16Versions[op.kind];
  if (op.kind == OpKind::kMul) return mul_version(g, op, s.int8);
  if (op.kind == OpKind::kTransposeConv) {
    return transpose_conv_version(raw, s.int8);
  }
  if (has_weights(op.kind) && s.int4) return int4_version(op.kind);
  if (op.kind == OpKind::kDepthwiseConv2d && !s.int8) {
    return o.dilation_h != 1 || o.dilation_w != 1 ? 2 : 1;
  }
  if (op.kind == OpKind::kTranspose && s.rank > 5) return 6;
  if (o.keep_num_dims) return 5;
  const bool between = op.kind == OpKind::kResizeBilinear;
  if ((o.align_corners && !between) || o.half_pixel_centers) return 3;
  if (class_of(op.kind) == OpClass::kBatches && s.rank != 4) return 3;
  if (v.wide != 0 && s.rank > 4) return v.wide;
  return s.int8 || (v.uint8 && s.uint8) ? v.int8 : v.plain;
}

}  // namespace shoal
