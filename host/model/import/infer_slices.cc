// Shapes of what operators take out of a tensor; see infer_shapes.cc.
#include <algorithm>

#include "host/model/graph/shapes.h"
#include "host/model/import/import_row.h"

namespace shoal {

SliceRange slice_range(const RawOptions& o, size_t axis, int64_t size,
                       int64_t begin, int64_t end, int64_t stride) {
  const int bit = 1 << axis;
  const int64_t low = stride > 0 ? 0 : -1;
  const int64_t high = stride > 0 ? size : size - 1;
  if (begin < 0) begin += size;
  begin = std::clamp(begin, low, high);
  if (o.begin_mask & bit) begin = stride > 0 ? 0 : size - 1;
  if (o.shrink_axis_mask & bit) {
    return {begin, begin >= 0 && begin < size ? 1 : 0};
  }
  if (end < 0) end += size;
  end = std::clamp(end, low, high);
  if (o.end_mask & bit) end = stride > 0 ? size : -1;
  const int64_t step = stride > 0 ? stride : -stride;
  const int64_t span = stride > 0 ? end - begin : begin - end;
  return {begin, (span + step - 1) / step};
}

namespace inferred {

Shape slice(const RawOperands& r) {
  const Shape& x = r.shape(0);
  const auto begin = r.numbers(1), sizes = r.numbers(2);
  follows(begin.size() == x.size() && sizes.size() == x.size());
  Shape out;
  for (size_t i = 0; i < x.size(); ++i) {
    const int64_t left = int64_t{x[i]} - begin[i];
    const int64_t count = sizes[i] == -1 ? left : sizes[i];
    follows(begin[i] >= 0 && count <= left);
    out.push_back(size_of(count));
  }
  return out;
}

Shape strided(const RawOperands& r) {
  const Shape& x = r.shape(0);
  const RawOptions& o = r.options();
  const auto begin = r.numbers(1), end = r.numbers(2);
  const auto stride = r.numbers(3);
  follows(o.ellipsis_mask == 0 && o.new_axis_mask == 0 && !o.offset &&
          begin.size() <= x.size() && end.size() == begin.size() &&
          stride.size() == begin.size());
  Shape out;
  for (size_t i = 0; i < x.size(); ++i) {
    if (i >= begin.size()) {
      out.push_back(x[i]);
      continue;
    }
    follows(stride[i] != 0);
    const SliceRange range =
        slice_range(o, i, x[i], begin[i], end[i], stride[i]);
    follows(range.count >= 1);
    if ((o.shrink_axis_mask & (1 << i)) == 0) {
      out.push_back(size_of(range.count));
    }
  }
  return out;
}

std::vector<Shape> split(const RawOperands& r, size_t parts) {
  Shape part = r.shape(1);
  const auto axes = r.numbers(0);
  follows(axes.size() == 1 && parts > 0);
  int& size = part[axis(axes[0], part.size())];
  follows(static_cast<size_t>(size) % parts == 0);
  size /= static_cast<int>(parts);
  return std::vector<Shape>(parts, part);
}

std::vector<Shape> split_v(const RawOperands& r, size_t parts) {
  const Shape& x = r.shape(0);
  const auto sizes = r.numbers(1), axes = r.numbers(2);
  follows(axes.size() == 1 && sizes.size() == parts);
  const size_t along = axis(axes[0], x.size());
  int64_t rest = x[along];
  for (const int32_t size : sizes) rest -= size == -1 ? 0 : size;
  std::vector<Shape> out(parts, x);
  for (size_t i = 0; i < parts; ++i) {
    out[i][along] = size_of(sizes[i] == -1 ? rest : sizes[i]);
    if (sizes[i] == -1) rest = 0;
  }
  follows(rest == 0);
  return out;
}

std::vector<Shape> unpacked(const RawOperands& r, size_t parts) {
  const Shape& x = r.shape(0);
  const size_t along = axis(r.options().axis, x.size());
  follows(static_cast<size_t>(x[along]) == parts);
  return std::vector<Shape>(parts, without_axis(x, along));
}

Shape gathered(const RawOperands& r) {
  const Shape &x = r.shape(0), &indices = r.shape(1);
  const size_t along = axis(r.options().axis, x.size());
  follows(r.options().batch_dims == 0);
  const auto at = x.begin() + static_cast<std::ptrdiff_t>(along);
  Shape out(x.begin(), at);
  out.insert(out.end(), indices.begin(), indices.end());
  out.insert(out.end(), at + 1, x.end());
  return out;
}

}  // namespace inferred

}  // namespace shoal
