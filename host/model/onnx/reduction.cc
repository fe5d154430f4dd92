// Reductions: means, sums, extremes, norms; places of extremes.
#include <optional>

#include "host/model/onnx/call.h"

namespace shoal::onnx_import {
namespace {

std::vector<bool> reduced_axes(OnnxCall& call, size_t rank) {
  const bool attribute = call.before(call.type() == "ReduceSum" ? 13 : 18);
  const std::vector<int64_t> axes = attribute     ? call.integers("axes")
                                    : call.has(1) ? call.numbers(1, "axes")
                                                  : std::vector<int64_t>{};
  std::vector<bool> reduced(rank, false);
  for (const int64_t value : axes) {
    reduced[static_cast<size_t>(call.axis(value, rank))] = true;
  }
  const bool none = call.integer("noop_with_empty_axes", 0) != 0;
  if (axes.empty() && !none) {
    reduced.assign(rank, true);
  }
  return reduced;
}

// Reduces a value over these axes, which stay with a size of 1 or go.
Value reduced_value(OnnxCall& call, const Value& given,
                    const std::vector<bool>& reduced, bool keeps, OpKind kind,
                    const char* part) {
  const Value x = call.layouts().settled(given);
  Shape dims;
  std::vector<int> renumbered(x.rank(), -1);
  for (size_t i = 0; i < x.rank(); ++i) {
    if (reduced[i] && !keeps) continue;
    renumbered[i] = static_cast<int>(dims.size());
    dims.push_back(reduced[i] ? 1 : x.dims[i]);
  }
  Axes order;
  ReduceAttr attr;
  for (const int axis : x.order) {
    attr.reduced.push_back(reduced[static_cast<size_t>(axis)]);
    const int number = renumbered[static_cast<size_t>(axis)];
    if (number >= 0) order.push_back(number);
  }
  return call.emit(kind, {x.tensor}, dims, order, attr, part);
}

void reduction(OnnxCall& call, OpKind kind) {
  call.expect_inputs(1, 2);
  const Value x = call.data(0);
  const std::vector<bool> reduced = reduced_axes(call, x.rank());
  const bool keeps = call.integer("keepdims", 1) != 0;
  call.set_output(0, reduced_value(call, x, reduced, keeps, kind, ""));
}

// A function of the sum of functions of the elements.
struct Norm {
  const char* type;
  std::optional<OpKind> before;  // of each element
  std::optional<OpKind> behind;  // of the sum
};
constexpr Norm kNorms[] = {
    {"ReduceL1", OpKind::kAbs, {}},
    {"ReduceL2", OpKind::kSquare, OpKind::kSqrt},
    {"ReduceSumSquare", OpKind::kSquare, {}},
    {"ReduceLogSum", {}, OpKind::kLog},
    {"ReduceLogSumExp", OpKind::kExp, OpKind::kLog},
};

Value norm_of(OnnxCall& call, const Value& x, const std::vector<bool>& reduced,
              bool keeps, const Norm& norm, const char* part) {
  Value each = x;
  if (norm.before) {
    each = call.emit_like(*norm.before, {x.tensor}, x, {}, ":elements");
  }
  const Value sum = reduced_value(call, each, reduced, keeps, OpKind::kSum,
                                  norm.behind ? ":sum" : part);
  if (!norm.behind) return sum;
  return call.emit_like(*norm.behind, {sum.tensor}, sum, {}, part);
}

void norm_reduction(OnnxCall& call, const Norm& norm) {
  call.expect_inputs(1, 2);
  const Value x = call.layouts().settled(call.data(0));
  const std::vector<bool> reduced = reduced_axes(call, x.rank());
  const bool keeps = call.integer("keepdims", 1) != 0;
  call.set_output(0, norm_of(call, x, reduced, keeps, norm, ""));
}

// x divided by its norm along an axis; of zeros that is not defined, and ONNX
// Runtime gives 0.
void lp_normalization(OnnxCall& call) {
  call.expect_inputs(1, 1);
  const Value x = call.layouts().settled(call.data(0));
  const int64_t p = call.integer("p", 2);
  call.require(p == 1 || p == 2, text("p of ", p));
  if (p == 2) {
    const int axis = call.axis(call.integer("axis", -1), x.rank());
    Axes order;
    for (const int a : x.order) {
      if (a != axis) order.push_back(a);
    }
    order.push_back(axis);
    const Value v = call.layouts().ordered(x, order);
    return call.set_output(
        0, call.emit_like(OpKind::kL2Normalization, {v.tensor}, v));
  }
  std::vector<bool> reduced(x.rank(), false);
  reduced[static_cast<size_t>(call.axis(call.integer("axis", -1), x.rank()))] =
      true;
  const Value norm =
      norm_of(call, x, reduced, true, kNorms[p == 1 ? 0 : 1], ":norm");
  const int least = call.constant_tensor(":least", {1}, {1e-12F});
  const Value some =
      call.emit_like(OpKind::kMaximum, {norm.tensor, least}, norm, {}, ":some");
  call.set_output(
      0, call.emit_like(OpKind::kDiv, {x.tensor, some.tensor}, x, FusedAttr{}));
}

// Places along an axis, which stays with a size of 1 if it is to.
void places(OnnxCall& call, OpKind kind) {
  call.expect_inputs(1, 1);
  if (call.integer("select_last_index", 0) != 0) {
    call.unsupported("the last of equal elements; the first one is taken");
  }
  const Value x = call.layouts().settled(call.data(0));
  const int axis = call.axis(call.integer("axis", 0), x.rank());
  const bool keeps = call.integer("keepdims", 1) != 0;
  Shape shape, kept, dims = x.dims;
  Axes order;
  for (const int a : x.order) {
    kept.push_back(a == axis ? 1 : x.dims[static_cast<size_t>(a)]);
    if (a != axis) shape.push_back(kept.back());
    if (a != axis || keeps) order.push_back(!keeps && a > axis ? a - 1 : a);
  }
  dims[static_cast<size_t>(axis)] = 1;
  if (!keeps) dims.erase(dims.begin() + axis);
  Value out;
  out.name = call.output_name();
  out.dims = dims;
  out.order = order;
  out.tensor =
      call.graph().op(kind, {x.tensor}, out.name + (keeps ? ":places" : ""),
                      shape, AxisAttr{place_of(x.order, axis)});
  if (keeps) {
    out.tensor =
        call.graph().op(OpKind::kReshape, {out.tensor}, out.name, kept);
  }
  call.set_output(0, out);
}

}  // namespace

bool convert_reduction(OnnxCall& call) {
  const std::string& type = call.type();
  if (type == "ReduceMean") {
    reduction(call, OpKind::kMean);
  } else if (type == "ReduceSum") {
    reduction(call, OpKind::kSum);
  } else if (type == "ReduceMax") {
    reduction(call, OpKind::kReduceMax);
  } else if (type == "ReduceMin") {
    reduction(call, OpKind::kReduceMin);
  } else if (type == "ArgMax") {
    places(call, OpKind::kArgMax);
  } else if (type == "ArgMin") {
    places(call, OpKind::kArgMin);
  } else if (type == "LpNormalization") {
    lp_normalization(call);
  } else {
    for (const Norm& norm : kNorms) {
      if (type != norm.type) continue;
      norm_reduction(call, norm);
      return true;
    }
    return false;
  }
  return true;
}

}  // namespace shoal::onnx_import
