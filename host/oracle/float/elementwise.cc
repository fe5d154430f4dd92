// Operators of two operands, broadcast to the shape of the output.
#include <algorithm>

#include "host/base/error.h"
#include "host/oracle/float/call.h"
#include "host/oracle/int8/index.h"

namespace shoal::float_oracle {
namespace {

template <class F>
void for_each_pair(const Call& call, F f) {
  const Shape& shape = call.out().shape;
  const auto sa = oracle::broadcast_strides(call.in(0).shape, shape.size());
  const auto sb = oracle::broadcast_strides(call.in(1).shape, shape.size());
  const int64_t step_a = sa.empty() ? 0 : sa.back();
  const int64_t step_b = sb.empty() ? 0 : sb.back();
  const int run = oracle::last_axis(shape);
  float* y = call.result().data();
  oracle::for_each_index(
      oracle::in_runs(shape, run), [&](const oracle::Index& at) {
        const float* const a = &call.operand(0)[oracle::offset_of(at, sa)];
        const float* const b = &call.operand(1)[oracle::offset_of(at, sb)];
        for (int i = 0; i < run; ++i) *y++ = f(a[i * step_a], b[i * step_b]);
      });
}

template <class F>
void fused(const Call& call, F f) {
  const Bounds bounds(call.attr<FusedAttr>().activation);
  for_each_pair(call, [&](float a, float b) { return bounds(f(a, b)); });
}

}  // namespace

void elementwise(const Call& call) {
  switch (call.op().kind) {
    case OpKind::kAdd:
      return fused(call, [](float a, float b) { return a + b; });
    case OpKind::kSub:
      return fused(call, [](float a, float b) { return a - b; });
    case OpKind::kMul:
      return fused(call, [](float a, float b) { return a * b; });
    case OpKind::kDiv:
      return fused(call, [](float a, float b) { return a / b; });
    case OpKind::kSquaredDifference:
      return for_each_pair(call,
                           [](float a, float b) { return (a - b) * (a - b); });
    case OpKind::kPrelu:
      return for_each_pair(
          call, [](float x, float alpha) { return x >= 0 ? x : x * alpha; });
    case OpKind::kMaximum:
      return for_each_pair(call,
                           [](float a, float b) { return std::max(a, b); });
    case OpKind::kMinimum:
      return for_each_pair(call,
                           [](float a, float b) { return std::min(a, b); });
    default:
      throw Error(Exit::kInternal, "no operator of two operands");
  }
}

}  // namespace shoal::float_oracle
