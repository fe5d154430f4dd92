// Operators that move bytes and keep or rearrange all of them.
#include <algorithm>

#include "host/model/graph/shapes.h"
#include "host/model/import/import_row.h"
#include "host/model/import/op_reader.h"

namespace shoal {
namespace {

constexpr int64_t kMostSize = 65535, kMostSide = 1 << 24;

// Refuses a size that files may have, but that is larger than what runs.
void limit(const OpReader& r, const std::string& what, int64_t size,
           int64_t most = kMostSize) {
  if (size <= most) return;
  r.unsupported(text(what, " of ", size, ", the limit is ", most,
                     "; cut the input into smaller frames"));
}

// Returns whether bytes without a scale are joined, which move as they are.
bool joins_plain_bytes(const OpReader& r) {
  if (r.floats() || !r.result().quant.scale.empty()) return false;
  for (int i = 0; i < r.inputs(); ++i) {
    if (!r.tensor(i).quant.scale.empty()) return false;
  }
  return true;
}

void convert_concatenation(const OpReader& r, Op& op) {
  const bool plain = joins_plain_bytes(r);
  const Tensor& y = plain ? r.result() : r.quantized_result();
  if (r.inputs() > 10) {
    r.unsupported(text(r.inputs(), " inputs; chain several with at most 10"));
  }
  if (r.activation() != Activation::kNone) {
    r.unsupported("a fused activation; use its operator");
  }
  const int axis = r.axis(r.options().axis, rank_of(y));
  const auto along = static_cast<size_t>(axis);
  int64_t total = 0;
  for (int i = 0; i < r.inputs(); ++i) {
    const Tensor& x = plain ? r.data(i) : r.quantized(i);
    Shape expected = y.shape;
    if (along < x.shape.size()) expected[along] = x.shape[along];
    r.expect_shape(x, expected);
    total += x.shape[along];
    op.inputs.push_back(r.input(i));
    if (plain) continue;
    const bool same = x.scale() == y.scale() && x.zero() == y.zero();
    if (!same && y.file_type == Type::kUint8) {
      r.unsupported(
          "operands whose scales no QUANTIZE turns into the result's");
    }
    r.expect_equal_quantization(x, y);
  }
  r.require(total == y.shape[along],
            text("inputs have ", total, " along axis ", axis, ", the output ",
                 y.shape[along]));
  op.attr = AxisAttr{axis};
}

void convert_pack(const OpReader& r, Op& op) {
  const Tensor& y = r.result();
  const int count = r.inputs();
  r.require(r.options().num_splits == count,
            text(r.options().num_splits, " parts but ", count, " inputs"));
  Shape expected = r.data(0).shape;
  const int axis = r.axis(r.options().axis, rank_of(r.data(0)) + 1);
  for (int i = 0; i < count; ++i) {
    r.expect_shape(r.data(i), expected);
    op.inputs.push_back(r.input(i));
  }
  expected.insert(expected.begin() + axis, count);
  r.expect_shape(y, expected);
  op.attr = AxisAttr{axis};
}

void set_pad_value(const OpReader& r, const Tensor& y, PadAttr& a) {
  a.value = y.zero();
  if (r.kind() == OpKind::kPad) return;
  if (r.floats()) {
    a.real = r.real(2, "a pad value");
    return;
  }
  const Tensor& value = r.quantized(2);
  if (!value.constant) r.unsupported("a pad value that is not constant");
  r.require(element_count(value.shape) == 1,
            text("pad value of shape ", shape_text(value.shape)));
  r.expect_equal_quantization(value, y);
  if (is_int16(value)) {
    if (value.data[0] != 0 || value.data[1] != 0) {
      r.unsupported("a pad value other than 0 in int16");
    }
    return;
  }
  a.value = static_cast<int8_t>(value.data[0]);
}

// Before and after each axis, as A has them.
template <class A>
A padding_amounts(const OpReader& r, const Tensor& x, const Tensor& y) {
  const Shape& shape = r.tensor(1).shape;
  r.require(shape == Shape{rank_of(x), 2},
            text("paddings have shape ", shape_text(shape), ", expected ",
                 x.shape.size(), "x2"));
  const std::vector<int> amounts = r.numbers(1, "paddings");
  r.expect_rank(y, rank_of(x));
  A a;
  for (size_t i = 0; i < x.shape.size(); ++i) {
    const int before = amounts[2 * i], after = amounts[2 * i + 1];
    r.require(before >= 0 && after >= 0, "a padding is negative");
    const int64_t size = int64_t{before} + x.shape[i] + after;
    r.require(size == y.shape[i], text("axis ", i, " is ", y.shape[i],
                                       " after padding, expected ", size));
    a.before.push_back(before);
    a.after.push_back(after);
  }
  return a;
}

void convert_pad(const OpReader& r, Op& op) {
  const Tensor& x = r.data(0);
  const Tensor& y = r.quantized_result();
  PadAttr a = padding_amounts<PadAttr>(r, x, y);
  set_pad_value(r, y, a);
  op.inputs = {r.input(0)};
  op.attr = std::move(a);
}

void convert_mirror(const OpReader& r, Op& op) {
  const Tensor& x = r.data(0);
  const int mode = r.options().mode;
  r.require(mode == kMirrorReflect || mode == kMirrorSymmetric,
            text("mode of number ", mode));
  MirrorAttr a = padding_amounts<MirrorAttr>(r, x, r.result());
  a.repeats_edge = mode == kMirrorSymmetric;
  for (size_t i = 0; i < x.shape.size(); ++i) {
    const int most = a.repeats_edge ? x.shape[i] : x.shape[i] - 1;
    const int amount = std::max(a.before[i], a.after[i]);
    r.require(amount <= most,
              text("axis ", i, " of size ", x.shape[i], " mirrors at most ",
                   most, ", not ", amount));
  }
  op.inputs = {r.input(0)};
  op.attr = std::move(a);
}

// The output's own shape counts; a shape operand is not read, but one that
// other operators compute would mean that shapes are not fixed.
void convert_reshape(const OpReader& r, Op& op) {
  const Tensor& x = r.data(0);
  const Tensor& y = r.result();
  if (r.has(1)) r.numbers(1, "sizes");
  r.require(element_count(x.shape) == element_count(y.shape),
            text("from ", shape_text(x.shape), " to ", shape_text(y.shape),
                 kOtherCount));
  op.inputs = {r.input(0)};
}

void convert_squeeze(const OpReader& r, Op& op) {
  const Tensor& x = r.data(0);
  std::vector<bool> dropped(x.shape.size(), r.options().dims.empty());
  for (const int dim : r.options().dims) {
    const auto axis = static_cast<size_t>(r.axis(dim, rank_of(x)));
    r.require(x.shape[axis] == 1, text("axis ", axis, " of size ",
                                       x.shape[axis], " cannot be squeezed"));
    dropped[axis] = true;
  }
  Shape expected;
  for (size_t i = 0; i < x.shape.size(); ++i) {
    if (!dropped[i] || x.shape[i] != 1) expected.push_back(x.shape[i]);
  }
  r.expect_shape(r.result(), expected);
  op.inputs = {r.input(0)};
}

void convert_expand_dims(const OpReader& r, Op& op) {
  const Tensor& x = r.data(0);
  const std::vector<int> axes = r.numbers(1, "axes");
  r.require(axes.size() == 1, text(axes.size(), " axes, expected one"));
  const int axis = r.axis(axes[0], rank_of(x) + 1);
  Shape expected = x.shape;
  expected.insert(expected.begin() + axis, 1);
  r.expect_shape(r.result(), expected);
  op.inputs = {r.input(0)};
}

// Copies the tensor that the variable holds there; see variables.cc.
void convert_read_variable(const OpReader& r, Op& op) {
  const Tensor& x = r.data(0);
  const Tensor& y = r.result();
  r.same_shape(x, y);
  r.expect_equal_quantization(x, y);
  op.inputs = {r.input(0)};
}

void convert_transpose(const OpReader& r, Op& op) {
  const Tensor& x = r.data(0);
  const std::vector<int> perm = r.numbers(1, "axes");
  r.require(perm.size() == x.shape.size(),
            text(perm.size(), " axes for an input of ", x.shape.size()));
  TransposeAttr a;
  std::vector<bool> seen(perm.size(), false);
  Shape expected;
  for (const int value : perm) {
    const int axis = r.axis(value, rank_of(x));
    const auto i = static_cast<size_t>(axis);
    r.require(!seen[i], text("axis ", axis, " appears twice"));
    seen[i] = true;
    a.perm.push_back(axis);
    expected.push_back(x.shape[i]);
  }
  r.expect_shape(r.result(), expected);
  op.inputs = {r.input(0)};
  op.attr = std::move(a);
}

void convert_resize(const OpReader& r, Op& op) {
  const Tensor& x = r.data(0);
  const Tensor& y = r.result();
  const std::vector<int> size = r.numbers(1, "sizes");
  r.expect_rank(x, 4);
  r.expect_batch_of_one(x);
  r.require(size.size() == 2, text(size.size(), " sizes, expected two"));
  for (const int side : {x.shape[1], x.shape[2], size[0], size[1]}) {
    limit(r, "a side", side, kMostSide);
  }
  r.expect_shape(y, {1, size[0], size[1], x.shape[3]});
  const bool between = op.kind == OpKind::kResizeBilinear;
  r.require(
      !between || !r.options().align_corners || !r.options().half_pixel_centers,
      "both aligned corners and half pixel centers");
  op.inputs = {r.input(0)};
  op.attr =
      ResizeAttr{r.options().align_corners, r.options().half_pixel_centers};
}

void convert_blocks(const OpReader& r, Op& op) {
  const bool to_depth = op.kind == OpKind::kSpaceToDepth;
  const Tensor& x = r.data(0);
  const Tensor& y = r.result();
  r.expect_rank(x, 4);
  r.expect_rank(y, 4);
  r.expect_batch_of_one(x);
  const int block = r.options().block;
  r.require(block >= 1, text("block of ", block));
  limit(r, "a block", block);
  const Shape& wide = to_depth ? x.shape : y.shape;
  const Shape& deep = to_depth ? y.shape : x.shape;
  const bool fits = deep[0] == wide[0] && int64_t{deep[1]} * block == wide[1] &&
                    int64_t{deep[2]} * block == wide[2] &&
                    deep[3] == int64_t{wide[3]} * block * block;
  r.require(fits, text("block ", block, " does not turn ", shape_text(x.shape),
                       " into ", shape_text(y.shape)));
  op.inputs = {r.input(0)};
  op.attr = BlockAttr{block};
}

void convert_batches(const OpReader& r, Op& op) {
  const bool splits = op.kind == OpKind::kSpaceToBatchNd;
  const Tensor& x = r.data(0);
  const Tensor& y = r.result();
  const int rank = rank_of(x);
  if (rank != 3 && rank != 4)
    r.unsupported(text("an input of ", rank, " axes"));
  const std::vector<int> block = r.numbers(1, "blocks");
  const std::vector<int> amounts = r.numbers(2, splits ? "paddings" : "crops");
  r.require(static_cast<int>(block.size()) == rank - 2 &&
                amounts.size() == 2 * block.size(),
            text(block.size(), " blocks and ", amounts.size(), " amounts for ",
                 rank, " axes"));
  BatchesAttr a{block, {}, {}};
  Shape expected = x.shape;
  int64_t blocks = 1;
  for (size_t i = 0; i < block.size(); ++i) {
    const int before = amounts[2 * i], after = amounts[2 * i + 1];
    r.require(block[i] >= 1 && before >= 0 && after >= 0,
              text("block ", block[i], " with ", before, " and ", after));
    limit(r, "a block", block[i]);
    const int64_t size = int64_t{x.shape[i + 1]} * (splits ? 1 : block[i]) +
                         (splits ? 1 : -1) * (int64_t{before} + after);
    r.require(
        size >= 1 && (!splits || size % block[i] == 0),
        text("axis ", i + 1, " of size ", size, " in blocks of ", block[i]));
    limit(r, text("axis ", i + 1, " with a size"), size, kMostSide);
    expected[i + 1] = static_cast<int>(splits ? size / block[i] : size);
    blocks *= block[i];
    a.before.push_back(before);
    a.after.push_back(after);
  }
  const int64_t batches =
      splits ? x.shape[0] * blocks : x.shape[0] / std::max<int64_t>(blocks, 1);
  r.require(batches >= 1 && (splits || x.shape[0] % blocks == 0),
            text("a batch of ", x.shape[0], " in blocks of ", blocks));
  limit(r, "a batch", batches);
  expected[0] = static_cast<int>(batches);
  r.expect_shape(y, expected);
  op.inputs = {r.input(0)};
  op.attr = std::move(a);
}

}  // namespace

const ImportRow& layout_row(OpKind kind) {
  static constexpr ImportRows kRows(
      {{OpKind::kConcatenation,
        {convert_concatenation, inferred::joined, frames::apart_in_join}},
       {OpKind::kPack, {convert_pack, inferred::packed}},
       {OpKind::kPad, {convert_pad, inferred::padded, frames::apart_in_border}},
       {OpKind::kPadv2,
        {convert_pad, inferred::padded, frames::apart_in_border}},
       {OpKind::kMirrorPad, {convert_mirror, inferred::padded}},
       {OpKind::kReshape, {convert_reshape, inferred::reshaped, frames::apart}},
       {OpKind::kSqueeze, {convert_squeeze, inferred::squeezed, frames::apart}},
       {OpKind::kExpandDims,
        {convert_expand_dims, inferred::expanded, frames::apart}},
       {OpKind::kReadVariable,
        {convert_read_variable, inferred::same, frames::apart}},
       {OpKind::kTranspose,
        {convert_transpose, inferred::transposed, frames::apart_in_order}},
       {OpKind::kResizeNearestNeighbor,
        {convert_resize, inferred::resized, frames::apart}},
       {OpKind::kResizeBilinear,
        {convert_resize, inferred::resized, frames::apart}},
       {OpKind::kSpaceToBatchNd, {convert_batches, inferred::space_to_batch}},
       {OpKind::kBatchToSpaceNd, {convert_batches, inferred::batch_to_space}},
       {OpKind::kSpaceToDepth,
        {convert_blocks, inferred::space_to_depth, frames::apart}},
       {OpKind::kDepthToSpace,
        {convert_blocks, inferred::depth_to_space, frames::apart}}});
  return kRows[kind];
}

}  // namespace shoal
