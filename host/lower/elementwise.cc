#include <algorithm>

#include "device/program/params.h"
#include "host/base/error.h"
#include "host/lower/builder.h"
#include "host/lower/lut.h"
#include "host/lower/param_list.h"
#include "host/lower/wide.h"
#include "host/model/graph/operators.h"
#include "host/model/graph/quantize.h"

namespace shoal {
namespace {

// An operand of a broadcast operator, in the axes of the result.
struct Operand {
  int tensor = -1;
  int missing = 0;  // leading axes that its shape does not have
  bool constant = false;
  int size(const Builder& b, int axis) const {
    return axis < missing ? 1 : b.tensor(tensor).shape[axis - missing];
  }
  // The order of the result's axes in its own.
  std::vector<int> own(const std::vector<int>& order) const {
    std::vector<int> out;
    for (int axis : order) {
      if (axis >= missing) out.push_back(axis - missing);
    }
    return out;
  }
};

bool is_complete(const Builder& b, const Operand& o, const Shape& shape) {
  for (int k = 0; k < static_cast<int>(shape.size()); ++k) {
    if (o.size(b, k) != shape[k]) return false;
  }
  return true;
}

// The order of the largest operand, which then need not move.
std::vector<int> common_order(Builder& b, const std::vector<Operand>& operands,
                              const Shape& shape) {
  const Operand* main = nullptr;
  for (const Operand& o : operands) {
    if (o.constant || !is_complete(b, o, shape)) continue;
    if (!main) main = &o;
  }
  std::vector<int> order = identity_order(static_cast<int>(shape.size()));
  if (!main) return order;
  order.resize(main->missing);
  for (int axis :
       full_order(b.value(main->tensor), b.tensor(main->tensor).shape)) {
    order.push_back(axis + main->missing);
  }
  return order;
}

std::optional<AxisSplit> broadcast_cut(Builder& b,
                                       const std::vector<Operand>& operands,
                                       const Shape& shape,
                                       const std::vector<int>& order) {
  std::vector<std::optional<Extent>> have{std::nullopt};
  std::vector<std::vector<int>> sizes{permuted(shape, order)};
  for (const Operand& o : operands) {
    have.push_back(std::nullopt);
    if (!o.constant) {
      have.back() = extent_of(b.ordered(o.tensor, o.own(order)).view.box);
    }
    std::vector<int>& s = sizes.emplace_back();
    for (int axis : order) s.push_back(o.size(b, axis));
  }
  const auto needed = [&](int i, int j) -> std::optional<std::vector<Extent>> {
    std::vector<Extent> extents;
    for (const auto& s : sizes) {
      const Extent c = group_sizes(s, i, j);
      const Extent& all = extents.empty() ? c : extents.front();
      if ((c.rows != all.rows && c.rows != 1) ||
          (c.columns != all.columns && c.columns != 1) ||
          (c.channels != all.channels && c.channels != 1)) {
        return std::nullopt;
      }
      extents.push_back(c);
    }
    return extents;
  };
  return choose_cut(static_cast<int>(shape.size()), have,
                    canonical_extent(permuted(shape, order)), needed);
}

// Axes that broadcast alike become neighbours, so that three groups do.
std::vector<int> grouped_order(const Builder& b,
                               const std::vector<Operand>& operands,
                               const Shape& shape) {
  std::vector<int> order = identity_order(static_cast<int>(shape.size()));
  const auto kind = [&](int axis) {
    int k = 0;
    for (const Operand& o : operands) k = 2 * k + (o.size(b, axis) == 1);
    return k;
  };
  std::stable_sort(order.begin(), order.end(),
                   [&](int p, int q) { return kind(p) < kind(q); });
  return order;
}

View operand_view(Builder& b, const Operand& o, const std::vector<int>& order,
                  const Extent& extent) {
  const std::vector<int> own = o.own(order);
  const Tensor& t = b.tensor(o.tensor);
  if (!o.constant) return b.as_extent(b.ordered(o.tensor, own), extent);
  std::vector<int8_t> values;
  values.reserve(t.data.size());
  const int width = b.width(o.tensor);
  for (int64_t k : placed_elements(t.shape, own)) {
    for (int i = 0; i < width; ++i) {
      values.push_back(static_cast<int8_t>(t.data[k * width + i]));
    }
  }
  return b.constant(t.name, std::move(values), extent, width);
}

// As an actor: its code, and its parameters from the tensors' scales.
struct Binary {
  OpCode op;
  std::vector<int32_t> (*params)(const Tensor& a, const Tensor& b,
                                 const Tensor& y);
};

template <auto kParams, auto... kMore>
std::vector<int32_t> listed(const Tensor& a, const Tensor& b, const Tensor& y) {
  return param_list(kParams(a, b, y, kMore...));
}
std::vector<int32_t> none(const Tensor&, const Tensor&, const Tensor&) {
  return {};
}

constexpr ByKind<Binary> kBinary(
    {{OpKind::kAdd, {OpCode::kAdd, listed<add_params, false>}},
     {OpKind::kSub, {OpCode::kAdd, listed<add_params, true>}},
     {OpKind::kMul, {OpCode::kMul, listed<mul_params>}},
     {OpKind::kDiv, {OpCode::kDivide, listed<div_params>}},
     {OpKind::kSquaredDifference,
      {OpCode::kSquaredDifference, listed<squared_difference_params>}},
     {OpKind::kPrelu, {OpCode::kPrelu, listed<prelu_params>}},
     {OpKind::kMaximum, {OpCode::kMaximum, none}},
     {OpKind::kMinimum, {OpCode::kMinimum, none}},
     {OpKind::kLogicalAnd, {OpCode::kMinimum, none}},
     {OpKind::kLogicalOr, {OpCode::kMaximum, none}}});

Layer binary_layer(const Builder& b) {
  const Op& op = b.op();
  const Tensor& y = b.tensor(op.outputs[0]);
  Layer l = b.layer(kBinary[op.kind].op, op.outputs[0]);
  l.zero_in = b.tensor(op.inputs[0]).zero();
  l.params = kBinary[op.kind].params(b.tensor(op.inputs[0]),
                                     b.tensor(op.inputs[1]), y);
  const auto* fused = std::get_if<FusedAttr>(&op.attr);
  if (is_int16(y)) {
    add_wide_params(l, fused ? fused->activation : Activation::kNone,
                    y.scale());
  } else if (fused) {
    const auto range = activation_range(fused->activation, y.scale(), y.zero());
    l.act_min = range.first;
    l.act_max = range.second;
  }
  return l;
}

}  // namespace

void lower_binary(Builder& b) {
  const Op& op = b.op();
  const int y = op.outputs[0];
  const Shape& shape = b.tensor(y).shape;
  const auto unary = is_int16(b.tensor(y)) ? std::nullopt : binary_table(b);
  if (unary) {
    return add_table(b, unary->tensor, unary->table);
  }
  std::vector<Operand> operands;
  for (int t : op.inputs) {
    const Tensor& in = b.tensor(t);
    operands.push_back(
        {t, static_cast<int>(shape.size() - in.shape.size()), in.constant});
  }
  std::vector<int> order = common_order(b, operands, shape);
  std::optional<AxisSplit> cut = broadcast_cut(b, operands, shape, order);
  if (!cut) {
    order = grouped_order(b, operands, shape);
    cut = broadcast_cut(b, operands, shape, order);
  }
  if (!cut) {
    throw Error(Exit::kUnsupported,
                b.tensor(y).name + ": a broadcast over these axes");
  }
  Layer l = binary_layer(b);
  for (int k = 0; k < 2; ++k) {
    l.in[k] = operand_view(b, operands[k], order, cut->extents[k + 1]);
  }
  l.out = b.result(y, cut->extents[0], squeezed_order(order, shape));
  b.add(std::move(l));
}

void lower_unary(Builder& b) {
  if (is_wide_op(b.graph(), b.op())) return lower_wide_unary(b);
  add_table(b, b.op().inputs[0], unary_table(b.graph(), b.op()));
}

void lower_quantize(Builder& b) {
  const int x = b.op().inputs[0];
  if (b.tensor(x).type != Type::kFloat32) return lower_unary(b);
  // The caller has quantized: the input's tensor holds the result.
  b.set(b.op().outputs[0], b.raw(x));
}

void lower_softmax(Builder& b) {
  const Op& op = b.op();
  const int x = op.inputs[0], y = op.outputs[0];
  const Shape& shape = b.tensor(x).shape;
  const int classes = shape.empty() ? 1 : shape.back();
  Value v = b.value(x);
  if (classes > 1 && v.order.back() + 1 != static_cast<int>(v.order.size())) {
    v = b.plain(x);
  }
  Extent c = extent_of(v.view.box);
  if (c.channels != classes) {
    v = b.plain(x);
    c = canonical_extent(shape);
  }
  if (op.kind == OpKind::kL2Normalization) {
    Layer l = b.layer(OpCode::kL2Norm, y);
    l.zero_in = b.tensor(x).zero();
    l.in[0] = b.as_extent(v, c);
    l.out = b.result(y, c, v.order);
    b.add(std::move(l));
    return;
  }
  const auto* alpha = std::get_if<AlphaAttr>(&op.attr);
  if (alpha != nullptr && alpha->is_real) {
    Layer l = b.layer(OpCode::kProbability, y);
    l.params =
        param_list(probability_params(b.tensor(x), alpha->value, b.tensor(y)));
    l.in[0] = b.as_extent(v, c);
    l.out = b.result(y, c, v.order);
    b.add(std::move(l));
    return;
  }
  if (is_int16(b.tensor(y))) {
    Layer l = b.layer(OpCode::kWideSoftmax, y);
    l.params = param_list(wide_softmax_params(b.tensor(x), alpha->value));
    l.in[0] = b.as_extent(v, c);
    l.out = b.result(y, c, v.order);
    b.add(std::move(l));
    return;
  }
  const bool logarithm = op.kind == OpKind::kLogSoftmax;
  Layer l = b.layer(logarithm ? OpCode::kLogSoftmax : OpCode::kSoftmax, y);
  l.zero_in = b.tensor(x).zero();
  l.params = logarithm ? param_list(log_softmax_params(b.tensor(x)))
                       : param_list(softmax_params(
                             b.tensor(x), std::get<AlphaAttr>(op.attr).value));
  l.in[0] = b.as_extent(v, c);
  l.out = b.result(y, c, v.order);
  b.add(std::move(l));
}

}  // namespace shoal
