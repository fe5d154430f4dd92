// ReduceMean, ReduceSum, ReduceMax, ReduceMin.
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

void reduction(OnnxCall& call, OpKind kind) {
  call.expect_inputs(1, 2);
  const Value x = call.layouts().settled(call.data(0));
  const std::vector<bool> reduced = reduced_axes(call, x.rank());
  const bool keeps = call.integer("keepdims", 1) != 0;
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
  call.set_output(0, call.emit(kind, {x.tensor}, dims, order, attr));
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
  } else {
    return false;
  }
  return true;
}

}  // namespace shoal::onnx_import
