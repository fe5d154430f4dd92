// Operators that take boxes out of a tensor.
#include <algorithm>

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

struct Range {
  int64_t begin, count;
};

// One axis, as NumPy slices it: negative positions count from the end,
// positions outside are cut to the axis, masked ones are its ends.
Range resolve_range(const OpReader& r, size_t axis, int64_t size, int64_t begin,
                    int64_t end, int64_t stride) {
  const RawOptions& o = r.options();
  const int bit = 1 << axis;
  r.require(stride != 0, text("axis ", axis, " has stride 0"));
  const int64_t low = stride > 0 ? 0 : -1;
  const int64_t high = stride > 0 ? size : size - 1;
  if (begin < 0) begin += size;
  begin = std::clamp(begin, low, high);
  if (o.begin_mask & bit) begin = stride > 0 ? 0 : size - 1;
  if (o.shrink_axis_mask & bit) {
    r.require(begin >= 0 && begin < size, text("axis ", axis, " of size ", size,
                                               " has no position ", begin));
    return {begin, 1};
  }
  if (end < 0) end += size;
  end = std::clamp(end, low, high);
  if (o.end_mask & bit) end = stride > 0 ? size : -1;
  const int64_t step = stride > 0 ? stride : -stride;
  const int64_t span = stride > 0 ? end - begin : begin - end;
  r.require(span > 0, text("axis ", axis, " is empty"));
  return {begin, (span + step - 1) / step};
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
    Range range{0, x.shape[i]};
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

Convert slice_converter(OpKind kind) {
  static constexpr ByKind<Convert> kConverters(
      {{OpKind::kSlice, convert_slice_op},
       {OpKind::kStridedSlice, convert_strided_slice},
       {OpKind::kSplit, convert_split},
       {OpKind::kUnpack, convert_unpack}});
  return kConverters[kind];
}

}  // namespace shoal
