// Operators whose axes, sizes or paddings are operands or options.
#include <algorithm>

#include "host/base/error.h"
#include "host/model/export/op_writer.h"

namespace shoal {
namespace {

using Values = std::span<const int>;

bool equal(Values a, const std::vector<int>& b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end());
}

// An axis as a file may say it, from the front or from the end; -1 if wrong.
int resolved(int axis, int rank) {
  if (axis < -rank || axis >= rank) return -1;
  return axis < 0 ? axis + rank : axis;
}

void write_reduce(const Op& op, Operands& operands, RawOp& raw) {
  const std::vector<bool>& reduced = std::get<ReduceAttr>(op.attr).reduced;
  const int rank = static_cast<int>(reduced.size());
  std::vector<int> axes;
  for (int i = 0; i < rank; ++i) {
    if (reduced[static_cast<size_t>(i)]) axes.push_back(i);
  }
  if (axes.empty()) throw Error(Exit::kUnsupported, "reduces no axis");
  const auto fits = [&](const Shape& shape, Values values) {
    std::vector<bool> seen(reduced.size(), false);
    for (const int value : values) {
      const int axis = resolved(value, rank);
      if (axis < 0) return false;
      seen[static_cast<size_t>(axis)] = true;
    }
    return shape.size() <= 1 && seen == reduced;
  };
  raw.inputs.push_back(operands.find_or_add(operand_name(operands, op, "axes"),
                                            {static_cast<int>(axes.size())},
                                            axes, fits));
  raw.options.keep_dims = output_shape(operands, op).size() == reduced.size();
}

template <class A>
void write_paddings(const A& a, const Op& op, Operands& operands, RawOp& raw) {
  std::vector<int> amounts;
  for (size_t i = 0; i < a.before.size(); ++i) {
    amounts.push_back(a.before[i]);
    amounts.push_back(a.after[i]);
  }
  const Shape shape = {static_cast<int>(a.before.size()), 2};
  raw.inputs.push_back(
      operands.find_or_add(operand_name(operands, op, "paddings"), shape,
                           amounts, [&](const Shape& other, Values values) {
                             return other == shape && equal(values, amounts);
                           }));
}

void write_mirror(const Op& op, Operands& operands, RawOp& raw) {
  const auto& a = std::get<MirrorAttr>(op.attr);
  write_paddings(a, op, operands, raw);
  raw.options.mode = a.repeats_edge ? kMirrorSymmetric : kMirrorReflect;
}

void write_pack(const Op& op, Operands&, RawOp& raw) {
  raw.options.axis = std::get<AxisAttr>(op.attr).axis;
  raw.options.num_splits = static_cast<int>(op.inputs.size());
}

void write_unpack(const Op& op, Operands&, RawOp& raw) {
  raw.options.axis = std::get<AxisAttr>(op.attr).axis;
  raw.options.num_splits = static_cast<int>(op.outputs.size());
}

void write_pad(const Op& op, Operands& operands, RawOp& raw) {
  const auto& a = std::get<PadAttr>(op.attr);
  write_paddings(a, op, operands, raw);
  if (op.kind != OpKind::kPadv2) return;
  const Tensor like = operands.tensor(op.outputs[0]);
  raw.inputs.push_back(operands.find_or_add_value(
      operand_name(operands, op, "value"), like, a.value, a.real));
}

// The option says it all; an operand that a file has besides may leave one
// number open.
void write_reshape(const Op& op, Operands& operands, RawOp& raw) {
  const Shape sizes = output_shape(operands, op);
  raw.options.dims = sizes;
  const int operand =
      operands.find([&sizes](const Shape& shape, Values values) {
        if (shape.size() != 1 || values.size() != sizes.size()) return false;
        for (size_t i = 0; i < sizes.size(); ++i) {
          if (values[i] != -1 && values[i] != sizes[i]) return false;
        }
        return std::count(values.begin(), values.end(), -1) <= 1;
      });
  if (operand >= 0) raw.inputs.push_back(operand);
}

// Among equal neighbours of size 1 it does not matter which are dropped.
std::vector<int> squeezed_axes(const Shape& x, const Shape& y) {
  std::vector<int> axes;
  size_t next = 0;
  for (size_t i = 0; i < x.size(); ++i) {
    if (next < y.size() && y[next] == x[i]) {
      ++next;
    } else {
      axes.push_back(static_cast<int>(i));
    }
  }
  return axes;
}

void write_squeeze(const Op& op, Operands& operands, RawOp& raw) {
  raw.options.dims =
      squeezed_axes(input_shape(operands, op), output_shape(operands, op));
}

void write_expand_dims(const Op& op, Operands& operands, RawOp& raw) {
  const Shape x = input_shape(operands, op);
  const Shape y = output_shape(operands, op);
  const auto fits = [&](const Shape&, Values values) {
    if (values.size() != 1) return false;
    const int axis = resolved(values[0], static_cast<int>(y.size()));
    if (axis < 0) return false;
    Shape made = x;
    made.insert(made.begin() + axis, 1);
    return made == y;
  };
  int axis = 0;
  while (axis + 1 < static_cast<int>(y.size()) &&
         !fits({1}, std::vector<int>{axis})) {
    ++axis;
  }
  raw.inputs.push_back(operands.find_or_add(operand_name(operands, op, "axis"),
                                            {1}, {axis}, fits));
}

void write_transpose(const Op& op, Operands& operands, RawOp& raw) {
  const std::vector<int>& perm = std::get<TransposeAttr>(op.attr).perm;
  const int rank = static_cast<int>(perm.size());
  const auto fits = [&](const Shape& shape, Values values) {
    if (shape.size() > 1 || values.size() != perm.size()) return false;
    for (size_t i = 0; i < perm.size(); ++i) {
      if (resolved(values[i], rank) != perm[i]) return false;
    }
    return true;
  };
  raw.inputs.push_back(operands.find_or_add(operand_name(operands, op, "axes"),
                                            {rank}, perm, fits));
}

void write_split(const Op& op, Operands& operands, RawOp& raw) {
  const int axis = std::get<AxisAttr>(op.attr).axis;
  const int rank = static_cast<int>(input_shape(operands, op).size());
  const int operand = operands.find_or_add(
      operand_name(operands, op, "axis"), {}, {axis},
      [&](const Shape&, Values values) {
        return values.size() == 1 && resolved(values[0], rank) == axis;
      });
  raw.inputs = {operand, op.inputs[0]};
  raw.options.num_splits = static_cast<int>(op.outputs.size());
}

void write_split_v(const Op& op, Operands& operands, RawOp& raw) {
  const int axis = std::get<AxisAttr>(op.attr).axis;
  const Shape x = input_shape(operands, op);
  std::vector<int> sizes;
  for (const int y : op.outputs) {
    sizes.push_back(operands.tensor(y).shape[static_cast<size_t>(axis)]);
  }
  const auto parts = static_cast<int>(sizes.size());
  const auto fits = [&sizes](const Shape& shape, Values values) {
    if (shape.size() != 1 || values.size() != sizes.size()) return false;
    for (size_t i = 0; i < sizes.size(); ++i) {
      if (values[i] != -1 && values[i] != sizes[i]) return false;
    }
    return std::count(values.begin(), values.end(), -1) <= 1;
  };
  const int by = operands.find_or_add(operand_name(operands, op, "sizes"),
                                      {parts}, sizes, fits);
  const int operand = operands.find_or_add(
      operand_name(operands, op, "axis"), {}, {axis},
      [&](const Shape&, Values values) {
        return values.size() == 1 &&
               resolved(values[0], static_cast<int>(x.size())) == axis;
      });
  raw.inputs = {op.inputs[0], by, operand};
  raw.options.num_splits = parts;
}

// Gathers along one axis or along several as one; a file may have a batch axis
// of 1 before them.
void write_gather(const Op& op, Operands& operands, RawOp& raw) {
  const auto& a = std::get<GatherAttr>(op.attr);
  const Shape x = input_shape(operands, op), y = output_shape(operands, op);
  const auto axis = static_cast<std::ptrdiff_t>(a.axis);
  const std::ptrdiff_t behind =
      static_cast<std::ptrdiff_t>(x.size()) - axis - a.count;
  Shape shape(y.begin() + axis, y.end() - behind);
  std::vector<int> values;
  for (const int index : a.indices) {
    const size_t first = values.size();
    int rest = index;
    for (int k = a.count; k-- > 0;) {
      const int size = x[static_cast<size_t>(a.axis + k)];
      values.insert(values.begin() + static_cast<std::ptrdiff_t>(first),
                    rest % size);
      rest /= size;
    }
  }
  if (op.kind == OpKind::kGatherNd) shape.push_back(a.count);
  raw.options.axis = a.axis;
  raw.inputs.push_back(
      operands.find_or_add(operand_name(operands, op, "indices"), shape, values,
                           [&](const Shape& other, Values found) {
                             return other == shape && equal(found, values);
                           }));
}

void write_batches(const Op& op, Operands& operands, RawOp& raw) {
  const auto& a = std::get<BatchesAttr>(op.attr);
  const auto count = static_cast<int>(a.block.size());
  std::vector<int> amounts;
  for (size_t i = 0; i < a.block.size(); ++i) {
    amounts.push_back(a.before[i]);
    amounts.push_back(a.after[i]);
  }
  const auto add = [&](const char* what, const Shape& shape,
                       const std::vector<int>& values) {
    raw.inputs.push_back(
        operands.find_or_add(operand_name(operands, op, what), shape, values,
                             [&](const Shape& other, Values found) {
                               return other == shape && equal(found, values);
                             }));
  };
  add("block", {count}, a.block);
  add(op.kind == OpKind::kSpaceToBatchNd ? "paddings" : "crops", {count, 2},
      amounts);
}

void write_cumsum(const Op& op, Operands& operands, RawOp& raw) {
  const auto& a = std::get<CumsumAttr>(op.attr);
  const int rank = static_cast<int>(input_shape(operands, op).size());
  raw.inputs.push_back(operands.find_or_add(
      operand_name(operands, op, "axis"), {}, {a.axis},
      [&](const Shape&, Values values) {
        return values.size() == 1 && resolved(values[0], rank) == a.axis;
      }));
  raw.options.exclusive = a.exclusive;
  raw.options.reverse = a.reverse;
}

void write_arg(const Op& op, Operands& operands, RawOp& raw) {
  const int axis = std::get<AxisAttr>(op.attr).axis;
  const int rank = static_cast<int>(input_shape(operands, op).size());
  raw.inputs.push_back(operands.find_or_add(
      operand_name(operands, op, "axis"), {}, {axis},
      [&](const Shape&, Values values) {
        return values.size() == 1 && resolved(values[0], rank) == axis;
      }));
  raw.options.out_type = type_code(operands.tensor(op.outputs[0]).file_type);
}

void write_cast(const Op& op, Operands& operands, RawOp& raw) {
  raw.options.in_type = type_code(operands.tensor(op.inputs[0]).file_type);
  raw.options.out_type = type_code(operands.tensor(op.outputs[0]).file_type);
}

void write_matmul(const Op& op, Operands&, RawOp& raw) {
  raw.options.adj_x = std::get<MatmulAttr>(op.attr).adj_x;
  raw.options.adj_y = std::get<MatmulAttr>(op.attr).adj_y;
}

void write_gelu(const Op& op, Operands&, RawOp& raw) {
  raw.options.approximate = std::get<GeluAttr>(op.attr).approximate;
}

void write_resize(const Op& op, Operands& operands, RawOp& raw) {
  const Shape y = output_shape(operands, op);
  const std::vector<int> size = {y[1], y[2]};
  raw.inputs.push_back(
      operands.find_or_add(operand_name(operands, op, "size"), {2}, size,
                           [&size](const Shape& shape, Values values) {
                             return shape.size() == 1 && equal(values, size);
                           }));
  const auto& a = std::get<ResizeAttr>(op.attr);
  raw.options.align_corners = a.align_corners;
  raw.options.half_pixel_centers = a.half_pixel_centers;
}

}  // namespace

Write axes_writer(OpKind kind) {
  static constexpr ByKind<Write> kWriters(
      {{OpKind::kMean, write_reduce},
       {OpKind::kSum, write_reduce},
       {OpKind::kReduceMax, write_reduce},
       {OpKind::kReduceMin, write_reduce},
       {OpKind::kCumsum, write_cumsum},
       {OpKind::kArgMax, write_arg},
       {OpKind::kArgMin, write_arg},
       {OpKind::kCast, write_cast},
       {OpKind::kBatchMatmul, write_matmul},
       {OpKind::kGelu, write_gelu},
       {OpKind::kSplitV, write_split_v},
       {OpKind::kGather, write_gather},
       {OpKind::kGatherNd, write_gather},
       {OpKind::kSpaceToBatchNd, write_batches},
       {OpKind::kBatchToSpaceNd, write_batches},
       {OpKind::kResizeBilinear, write_resize},
       {OpKind::kPack, write_pack},
       {OpKind::kPad, write_pad},
       {OpKind::kPadv2, write_pad},
       {OpKind::kMirrorPad, write_mirror},
       {OpKind::kReshape, write_reshape},
       {OpKind::kSqueeze, write_squeeze},
       {OpKind::kExpandDims, write_expand_dims},
       {OpKind::kTranspose, write_transpose},
       {OpKind::kSplit, write_split},
       {OpKind::kUnpack, write_unpack},
       {OpKind::kResizeNearestNeighbor, write_resize}});
  return kWriters[kind];
}

}  // namespace shoal
