// Shapes of what operators take out of a tensor; see infer_shapes.cc.
#include <algorithm>

#include "host/model/import/inference.h"

namespace shoal {
namespace {

using From = InferredFrom;

Shape of_slice(const From& from) {
  const Shape& x = from.operand(0);
  const auto begin = from.numbers(1), sizes = from.numbers(2);
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

Shape of_strided_slice(const From& from) {
  const Shape& x = from.operand(0);
  const RawOptions& o = from.o();
  const auto begin = from.numbers(1), end = from.numbers(2);
  const auto stride = from.numbers(3);
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

std::vector<Shape> of_split(const From& from, size_t parts) {
  Shape part = from.operand(1);
  const auto axes = from.numbers(0);
  follows(axes.size() == 1 && parts > 0);
  int& size = part[From::axis(axes[0], part.size())];
  follows(static_cast<size_t>(size) % parts == 0);
  size /= static_cast<int>(parts);
  return std::vector<Shape>(parts, part);
}

std::vector<Shape> of_split_v(const From& from, size_t parts) {
  const Shape& x = from.operand(0);
  const auto sizes = from.numbers(1), axes = from.numbers(2);
  follows(axes.size() == 1 && sizes.size() == parts);
  const size_t along = From::axis(axes[0], x.size());
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

std::vector<Shape> of_unpack(const From& from, size_t parts) {
  Shape part = from.operand(0);
  const size_t along = From::axis(from.o().axis, part.size());
  follows(static_cast<size_t>(part[along]) == parts);
  part.erase(part.begin() + static_cast<std::ptrdiff_t>(along));
  return std::vector<Shape>(parts, part);
}

Shape of_gather(const From& from) {
  const Shape &x = from.operand(0), &indices = from.operand(1);
  const size_t along = From::axis(from.o().axis, x.size());
  follows(from.o().batch_dims == 0);
  const auto at = x.begin() + static_cast<std::ptrdiff_t>(along);
  Shape out(x.begin(), at);
  out.insert(out.end(), indices.begin(), indices.end());
  out.insert(out.end(), at + 1, x.end());
  return out;
}

}  // namespace

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

std::vector<Shape> shapes_of_parts(const InferredFrom& from, OpKind kind,
                                   size_t results) {
  switch (kind) {
    case OpKind::kSlice:
      return {of_slice(from)};
    case OpKind::kStridedSlice:
      return {of_strided_slice(from)};
    case OpKind::kSplit:
      return of_split(from, results);
    case OpKind::kSplitV:
      return of_split_v(from, results);
    case OpKind::kUnpack:
      return of_unpack(from, results);
    case OpKind::kGather:
      return {of_gather(from)};
    default:
      throw NotInferred();
  }
}

}  // namespace shoal
