// SLICE and STRIDED_SLICE: positions, sizes and ends, and the masks that make
// the operands of the file mean what the graph says.
#include <algorithm>
#include <optional>

#include "host/model/export/op_writer.h"

namespace shoal {
namespace {

using Values = std::span<const int>;

// One axis as the graph has it.
struct AxisSlice {
  int64_t size, begin, count, stride;
  bool dropped;
};

std::vector<AxisSlice> cuts_of(const Op& op, const Shape& x, const Shape& y) {
  const auto& a = std::get<SliceAttr>(op.attr);
  std::vector<AxisSlice> cuts;
  size_t next = 0;
  for (size_t i = 0; i < x.size(); ++i) {
    const int count = a.dropped[i] ? 1 : y[next++];
    cuts.push_back({x[i], a.begin[i], count, a.stride[i], a.dropped[i]});
  }
  return cuts;
}

void write_boxes(const Op& op, const std::vector<AxisSlice>& cuts,
                 Operands& operands, RawOp& raw) {
  std::vector<int> begin, size;
  for (const AxisSlice& c : cuts) {
    begin.push_back(static_cast<int>(c.begin));
    size.push_back(static_cast<int>(c.count));
  }
  const int rank = static_cast<int>(cuts.size());
  const auto begins = [&](const Shape&, Values values) {
    return std::equal(values.begin(), values.end(), begin.begin(), begin.end());
  };
  const auto sizes = [&](const Shape&, Values values) {
    if (values.size() != cuts.size()) return false;
    for (size_t i = 0; i < cuts.size(); ++i) {
      const AxisSlice& c = cuts[i];
      const bool rest = values[i] == -1 && c.begin + c.count == c.size;
      if (values[i] != size[i] && !rest) return false;
    }
    return true;
  };
  raw.inputs.push_back(operands.find_or_add(operand_name(operands, op, "begin"),
                                            {rank}, begin, begins));
  raw.inputs.push_back(operands.find_or_add(operand_name(operands, op, "size"),
                                            {rank}, size, sizes));
}

bool fits_stride(const AxisSlice& c, int stride) {
  return stride != 0 && (c.count == 1 || stride == c.stride);
}

// The mask bit under which a position means the cut's begin, if any does.
std::optional<int> begin_bit(const AxisSlice& c, int64_t begin, int stride) {
  const int64_t low = stride > 0 ? 0 : -1;
  const int64_t high = stride > 0 ? c.size : c.size - 1;
  const int64_t from_end = begin < 0 ? begin + c.size : begin;
  if (std::clamp(from_end, low, high) == c.begin) return 0;
  if (c.begin == (stride > 0 ? 0 : c.size - 1)) return 1;
  return std::nullopt;
}

bool fits_end(const AxisSlice& c, int64_t end, int stride) {
  const int64_t step = stride > 0 ? stride : -int64_t{stride};
  const int64_t span = stride > 0 ? end - c.begin : c.begin - end;
  return span > 0 && (span + step - 1) / step == c.count;
}

std::optional<int> end_bit(const AxisSlice& c, int64_t end, int stride) {
  if (c.dropped) return 0;
  const int64_t low = stride > 0 ? 0 : -1;
  const int64_t high = stride > 0 ? c.size : c.size - 1;
  const int64_t from_end = end < 0 ? end + c.size : end;
  if (fits_end(c, std::clamp(from_end, low, high), stride)) return 0;
  if (fits_end(c, stride > 0 ? c.size : -1, stride)) return 1;
  return std::nullopt;
}

// Three operands that together say the cuts; they may name fewer axes than
// there are if the last ones stay whole.
class StridedOperands {
 public:
  explicit StridedOperands(const std::vector<AxisSlice>& cuts) : cuts_(cuts) {
    whole_from_ = cuts.size();
    while (whole_from_ > 0 && whole(cuts[whole_from_ - 1])) --whole_from_;
  }

  bool strides(Values v) const {
    if (v.size() > cuts_.size() || v.size() < whole_from_) return false;
    for (size_t i = 0; i < v.size(); ++i) {
      if (!fits_stride(cuts_[i], v[i])) return false;
    }
    return true;
  }
  std::optional<int> begin_mask(Values v, Values strides) const {
    return mask(v, strides, begin_bit);
  }
  std::optional<int> end_mask(Values v, Values strides) const {
    return mask(v, strides, end_bit);
  }

 private:
  static bool whole(const AxisSlice& c) {
    return c.begin == 0 && c.count == c.size && c.stride == 1 && !c.dropped;
  }

  std::optional<int> mask(Values v, Values strides,
                          std::optional<int> (*bit)(const AxisSlice&, int64_t,
                                                    int)) const {
    if (v.size() != strides.size()) return std::nullopt;
    int out = 0;
    for (size_t i = 0; i < v.size(); ++i) {
      const std::optional<int> one = bit(cuts_[i], v[i], strides[i]);
      if (!one) return std::nullopt;
      out |= *one << i;
    }
    return out;
  }

  const std::vector<AxisSlice>& cuts_;
  size_t whole_from_;
};

// Operands that the graph already has.
bool find_strided(const StridedOperands& wanted, Operands& operands,
                  RawOp& raw) {
  const auto strides = operands.find_all(
      [&](const Shape&, Values v) { return wanted.strides(v); });
  for (const int stride : strides) {
    const std::vector<int> steps = operands.values(stride);
    const int begin = operands.find([&](const Shape&, Values v) {
      return wanted.begin_mask(v, steps).has_value();
    });
    const int end = operands.find([&](const Shape&, Values v) {
      return wanted.end_mask(v, steps).has_value();
    });
    if (begin < 0 || end < 0) continue;
    raw.inputs.insert(raw.inputs.end(), {begin, end, stride});
    return true;
  }
  return false;
}

// A negative stride that takes the first element ends before it, which only
// the mask can say.
void add_strided(const Op& op, const std::vector<AxisSlice>& cuts,
                 Operands& operands, RawOp& raw) {
  std::vector<int> begin, end, stride;
  for (const AxisSlice& c : cuts) {
    begin.push_back(static_cast<int>(c.begin));
    stride.push_back(static_cast<int>(c.stride));
    const int64_t past = c.begin + (c.count - 1) * c.stride +
                         (c.stride > 0 ? int64_t{1} : int64_t{-1});
    end.push_back(static_cast<int>(std::max<int64_t>(past, 0)));
  }
  const Shape shape = {static_cast<int>(cuts.size())};
  raw.inputs.push_back(
      operands.add(operand_name(operands, op, "begin"), shape, begin));
  raw.inputs.push_back(
      operands.add(operand_name(operands, op, "end"), shape, end));
  raw.inputs.push_back(
      operands.add(operand_name(operands, op, "strides"), shape, stride));
}

void write_slice(const Op& op, Operands& operands, RawOp& raw) {
  const std::vector<AxisSlice> cuts =
      cuts_of(op, input_shape(operands, op), output_shape(operands, op));
  if (op.kind == OpKind::kSlice) return write_boxes(op, cuts, operands, raw);
  const StridedOperands wanted(cuts);
  if (!find_strided(wanted, operands, raw)) {
    add_strided(op, cuts, operands, raw);
  }
  const std::vector<int> steps = operands.values(raw.inputs[3]);
  raw.options.begin_mask =
      wanted.begin_mask(operands.values(raw.inputs[1]), steps).value();
  raw.options.end_mask =
      wanted.end_mask(operands.values(raw.inputs[2]), steps).value();
  for (size_t i = 0; i < cuts.size(); ++i) {
    if (cuts[i].dropped) raw.options.shrink_axis_mask |= 1 << i;
  }
}

}  // namespace

Write slice_writer(OpKind kind) {
  return class_of(kind) == OpClass::kSlice ? write_slice : nullptr;
}

}  // namespace shoal
