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
  } else {
    return false;
  }
  return true;
}

}  // namespace shoal::onnx_import
