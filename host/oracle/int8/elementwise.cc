// Operators of two operands, broadcast to the shape of the output.
#include <algorithm>
#include <functional>

#include "device/base/fixed_point.h"
#include "host/base/error.h"
#include "host/model/graph/quantize.h"
#include "host/oracle/int8/call.h"
#include "host/oracle/int8/index.h"

namespace shoal::oracle {
namespace {

using Function = std::function<int(int, int)>;

void for_each_pair(const Call& call, int low, int high, const Function& f) {
  const Shape& shape = call.out().shape;
  const auto a = call.int8s(0), b = call.int8s(1);
  const auto y = call.result();
  const Strides sa = broadcast_strides(call.in(0).shape, shape.size());
  const Strides sb = broadcast_strides(call.in(1).shape, shape.size());
  size_t o = 0;
  for_each_index(shape, [&](const Index& index) {
    const int v = f(a[offset_of(index, sa)], b[offset_of(index, sb)]);
    y[o++] = static_cast<int8_t>(clamp(v, low, high));
  });
}

void fused(const Call& call, const Function& f) {
  const auto [low, high] = activation_range(
      call.attr<FusedAttr>().activation, call.out().scale(), call.out().zero());
  for_each_pair(call, low, high, f);
}

Function sum(const AddParams& p, int zero_out) {
  return [=](int a, int b) {
    const int32_t scaled_a =
        requantize((a - p.zero0) * (1 << 20), p.multiplier0, p.shift0);
    const int32_t scaled_b =
        requantize((b - p.zero1) * (1 << 20), p.multiplier1, p.shift1);
    const int32_t total = wrap_add(scaled_a, wrap_mul(p.sign, scaled_b));
    return wrap_add(requantize(total, p.multiplier_out, p.shift_out), zero_out);
  };
}

Function product(const MulParams& p, int zero_out) {
  return [=](int a, int b) {
    const int32_t raw = (a - p.zero0) * (b - p.zero1);
    return wrap_add(requantize(raw, p.multiplier, p.shift), zero_out);
  };
}

// See divide_row in device/kernels for a divisor of zero.
Function quotient(const MulParams& p, int zero_out) {
  return [=](int a, int b) {
    const int u = a - p.zero0, v = b - p.zero1;
    if (v == 0) return u == 0 ? zero_out : u < 0 ? -128 : 127;
    return wrap_add(divide(u, v, p.multiplier, p.shift), zero_out);
  };
}

Function squared_difference(const SquaredDifferenceParams& p, int zero_out) {
  return [=](int a, int b) {
    const int32_t d = requantize((a - p.zero0) << 7, p.multiplier0, p.shift0) -
                      requantize((b - p.zero1) << 7, p.multiplier1, p.shift1);
    return wrap_add(requantize(d * d, p.multiplier_out, p.shift_out), zero_out);
  };
}

Function prelu(const PreluParams& p, int zero_in, int zero_out) {
  return [=](int x, int alpha) {
    const int d = x - zero_in;
    const int32_t scaled = d >= 0 ? requantize(d, p.multiplier_pos, p.shift_pos)
                                  : requantize(d * (alpha - p.zero_alpha),
                                               p.multiplier_neg, p.shift_neg);
    return wrap_add(scaled, zero_out);
  };
}

}  // namespace

void elementwise(const Call& call) {
  const Tensor &a = call.in(0), &b = call.in(1), &y = call.out();
  switch (call.op().kind) {
    case OpKind::kAdd:
      return fused(call, sum(add_params(a, b, y, false), y.zero()));
    case OpKind::kSub:
      return fused(call, sum(add_params(a, b, y, true), y.zero()));
    case OpKind::kMul:
      return fused(call, product(mul_params(a, b, y), y.zero()));
    case OpKind::kDiv:
      return fused(call, quotient(div_params(a, b, y), y.zero()));
    case OpKind::kSquaredDifference:
      return for_each_pair(
          call, -128, 127,
          squared_difference(squared_difference_params(a, b, y), y.zero()));
    case OpKind::kPrelu:
      return for_each_pair(call, -128, 127,
                           prelu(prelu_params(a, b, y), a.zero(), y.zero()));
    case OpKind::kMaximum:
      return for_each_pair(call, -128, 127,
                           [](int p, int q) { return std::max(p, q); });
    case OpKind::kMinimum:
      return for_each_pair(call, -128, 127,
                           [](int p, int q) { return std::min(p, q); });
    default:
      throw Error(Exit::kInternal, "no operator of two operands");
  }
}

}  // namespace shoal::oracle
