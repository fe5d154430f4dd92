// Operators that take boxes out of a tensor.
#include <algorithm>

#include "host/model/import/import_row.h"
#include "host/model/import/op_reader.h"

namespace shoal {
namespace {

void convert_slice_op(const OpReader& r, Op& op) {
  const Tensor& x = r.data(0);
  const std::vector<int> begin = r.numbers(1, "positions");
  const std::vector<int> size = r.numbers(2, "sizes");
  r.require(begin.size() == x.shape.size() && size.size() == x.shape.size(),
            text(begin.size(), " positions and ", size.size(), " sizes for ",
                 x.shape.size(), " axes"));
  SliceAttr a;
  Shape expected;
  for (size_t i = 0; i < x.shape.size(); ++i) {
    const int64_t count =
        size[i] == -1 ? int64_t{x.shape[i]} - begin[i] : size[i];
    r.require(begin[i] >= 0 && count >= 1 && begin[i] + count <= x.shape[i],
              text("axis ", i, " of size ", x.shape[i], " has no ", count,
                   " elements from ", begin[i]));
    expected.push_back(static_cast<int>(count));
    a.begin.push_back(begin[i]);
  }
  r.expect_shape(r.result(), expected);
  a.stride.assign(x.shape.size(), 1);
  a.dropped.assign(x.shape.size(), false);
  op.inputs = {r.input(0)};
  op.attr = std::move(a);
}

SliceRange resolve_range(const OpReader& r, size_t axis, int64_t size,
                         int64_t begin, int64_t end, int64_t stride) {
  r.require(stride != 0, text("axis ", axis, " has stride 0"));
  const SliceRange range =
      slice_range(r.options(), axis, size, begin, end, stride);
  const bool one = (r.options().shrink_axis_mask & (1 << axis)) != 0;
  r.require(range.count >= 1, one ? text("axis ", axis, " of size ", size,
                                         " has no position ", range.begin)
                                  : text("axis ", axis, " is empty"));
  return range;
}

void convert_strided_slice(const OpReader& r, Op& op) {
  const Tensor& x = r.data(0);
  const RawOptions& o = r.options();
  if (o.ellipsis_mask != 0) r.unsupported("an ellipsis mask");
  if (o.new_axis_mask != 0) r.unsupported("a new-axis mask; use EXPAND_DIMS");
  if (o.offset) r.unsupported("ends relative to the begins");
  const std::vector<int> begin = r.numbers(1, "begins");
  const std::vector<int> end = r.numbers(2, "ends");
  const std::vector<int> stride = r.numbers(3, "strides");
  r.require(begin.size() <= x.shape.size() && end.size() == begin.size() &&
                stride.size() == begin.size(),
            text(begin.size(), " begins, ", end.size(), " ends and ",
                 stride.size(), " strides for ", x.shape.size(), " axes"));
  SliceAttr a;
  Shape expected;
  for (size_t i = 0; i < x.shape.size(); ++i) {
    SliceRange range{0, x.shape[i]};
    const bool named = i < begin.size();
    const bool dropped = named && (o.shrink_axis_mask & (1 << i)) != 0;
    if (named) {
      range = resolve_range(r, i, x.shape[i], begin[i], end[i], stride[i]);
    }
    // A stride is never used past the last element: cut it to the axis.
    const int step = named && range.count > 1 ? stride[i] : 1;
    a.begin.push_back(static_cast<int>(range.begin));
    a.stride.push_back(step);
    a.dropped.push_back(dropped);
    if (!dropped) expected.push_back(static_cast<int>(range.count));
  }
  r.expect_shape(r.result(), expected);
  op.inputs = {r.input(0)};
  op.attr = std::move(a);
}

void convert_split(const OpReader& r, Op& op) {
  const std::vector<int> axes = r.numbers(0, "axes");
  const Tensor& x = r.data(1);
  r.require(axes.size() == 1, text(axes.size(), " axes, expected one"));
  const int axis = r.axis(axes[0], rank_of(x));
  const int parts = r.options().num_splits;
  r.require(parts == r.outputs(),
            text(parts, " parts but ", r.outputs(), " outputs"));
  Shape expected = x.shape;
  int& along = expected[static_cast<size_t>(axis)];
  r.require(along % parts == 0, text("axis ", axis, " of size ", along,
                                     " is not ", parts, " equal parts"));
  along /= parts;
  for (int i = 0; i < parts; ++i) r.expect_shape(r.result(i), expected);
  op.inputs = {r.input(1)};
  op.attr = AxisAttr{axis};
}

void convert_split_v(const OpReader& r, Op& op) {
  const Tensor& x = r.data(0);
  std::vector<int> sizes = r.numbers(1, "sizes");
  const std::vector<int> axes = r.numbers(2, "axes");
  r.require(axes.size() == 1, text(axes.size(), " axes, expected one"));
  const int axis = r.axis(axes[0], rank_of(x));
  const int parts = r.outputs();
  r.require(r.options().num_splits == parts &&
                static_cast<int>(sizes.size()) == parts,
            text(r.options().num_splits, " parts and ", sizes.size(),
                 " sizes but ", parts, " outputs"));
  const int whole = x.shape[static_cast<size_t>(axis)];
  int64_t rest = whole;
  for (const int size : sizes) rest -= size == -1 ? 0 : size;
  for (int& size : sizes) {
    if (size != -1) continue;
    size = static_cast<int>(std::clamp<int64_t>(rest, -1, whole));
    rest = 0;
  }
  r.require(rest == 0, text("parts are not the ", whole, " of axis ", axis));
  Shape expected = x.shape;
  for (int i = 0; i < parts; ++i) {
    const int size = sizes[static_cast<size_t>(i)];
    r.require(size >= 1, text("a part of size ", size));
    expected[static_cast<size_t>(axis)] = size;
    r.expect_shape(r.result(i), expected);
  }
  op.inputs = {r.input(0)};
  op.attr = AxisAttr{axis};
}

void check_indices(const OpReader& r, const std::vector<int>& indices,
                   int64_t size) {
  if (indices.size() > 65535) {
    r.unsupported(text(indices.size(), " indices, the limit is 65535"));
  }
  for (const int index : indices) {
    r.require(index >= 0 && index < size,
              text("index ", index, " of ", size, " elements"));
  }
}

void convert_gather(const OpReader& r, Op& op) {
  const Tensor& x = r.data(0);
  r.require(!x.shape.empty(), "input has no axis");
  const int axis = r.axis(r.options().axis, rank_of(x));
  const std::vector<int> indices = r.numbers(1, "indices");
  const Shape& shape = r.tensor(1).shape;
  int batches = r.options().batch_dims;
  if (batches < 0) batches += static_cast<int>(shape.size());
  r.require(batches >= 0 && batches <= axis &&
                batches <= static_cast<int>(shape.size()),
            text(r.options().batch_dims, " batch axes"));
  Shape expected(x.shape.begin(), x.shape.begin() + axis);
  for (int i = 0; i < batches; ++i) {
    const auto k = static_cast<size_t>(i);
    r.require(shape[k] == x.shape[k],
              text("batch axis ", i, " of ", shape[k], " and ", x.shape[k]));
    if (shape[k] != 1) r.unsupported("indices that differ by batch");
  }
  expected.insert(expected.end(), shape.begin() + batches, shape.end());
  expected.insert(expected.end(), x.shape.begin() + axis + 1, x.shape.end());
  r.expect_shape(r.result(), expected);
  check_indices(r, indices, x.shape[static_cast<size_t>(axis)]);
  op.inputs = {r.input(0)};
  op.attr = GatherAttr{axis, 1, indices};
}

void convert_gather_nd(const OpReader& r, Op& op) {
  const Tensor& x = r.data(0);
  const std::vector<int> numbers = r.numbers(1, "indices");
  const Shape& shape = r.tensor(1).shape;
  r.require(!shape.empty() && shape.back() <= rank_of(x),
            text("indices of shape ", shape_text(shape), " into ",
                 shape_text(x.shape)));
  const int depth = shape.back();
  Shape expected(shape.begin(), shape.end() - 1);
  expected.insert(expected.end(), x.shape.begin() + depth, x.shape.end());
  r.expect_shape(r.result(), expected);
  GatherAttr a{0, depth, {}};
  for (size_t i = 0; i < numbers.size(); i += static_cast<size_t>(depth)) {
    int64_t place = 0;
    for (int k = 0; k < depth; ++k) {
      const int index = numbers[i + static_cast<size_t>(k)];
      const int size = x.shape[static_cast<size_t>(k)];
      check_indices(r, {index}, size);
      place = place * size + index;
    }
    if (place > 65535) r.unsupported("a place behind 65535");
    a.indices.push_back(static_cast<int>(place));
  }
  check_indices(r, a.indices, 65536);
  op.inputs = {r.input(0)};
  op.attr = std::move(a);
}

void convert_unpack(const OpReader& r, Op& op) {
  const Tensor& x = r.data(0);
  r.require(!x.shape.empty(), "input has no axis");
  const int axis = r.axis(r.options().axis, rank_of(x));
  const int size = x.shape[static_cast<size_t>(axis)];
  r.require(r.options().num_splits == size && r.outputs() == size,
            text(r.options().num_splits, " parts and ", r.outputs(),
                 " outputs of an axis of size ", size));
  Shape expected = x.shape;
  expected.erase(expected.begin() + axis);
  for (int i = 0; i < size; ++i) r.expect_shape(r.result(i), expected);
  op.inputs = {r.input(0)};
  op.attr = AxisAttr{axis};
}

}  // namespace

const ImportRow& slice_row(OpKind kind) {
  static constexpr ImportRows kRows(
      {{OpKind::kSlice, {convert_slice_op, inferred::slice}},
       {OpKind::kStridedSlice, {convert_strided_slice, inferred::strided}},
       {OpKind::kSplit, {convert_split, nullptr, nullptr, inferred::split}},
       {OpKind::kSplitV,
        {convert_split_v, nullptr, nullptr, inferred::split_v}},
       {OpKind::kGather, {convert_gather, inferred::gathered}},
       {OpKind::kGatherNd, {convert_gather_nd}},
       {OpKind::kUnpack,
        {convert_unpack, nullptr, nullptr, inferred::unpacked}}});
  return kRows[kind];
}

}  // namespace shoal
