// Operators of two int8 operands, by the reference kernels' integer
// arithmetic.
#include <algorithm>
#include <functional>
#include <string>

#include "device/base/fixed_point.h"
#include "host/base/error.h"
#include "host/model/graph/operators.h"
#include "host/model/graph/quantize.h"

namespace shoal {
namespace {

// The operands and the result of an operator.
struct Tensors {
  const Tensor &a, &b, &y;
};

template <class F>
ByteRows rows_of(int low, int high, F f) {
  return [=](const ByteRun& run) {
    const int8_t *a = run.a, *b = run.b;
    for (int8_t& y : run.y) {
      y = static_cast<int8_t>(clamp(f(*a, *b), low, high));
      a += run.a_step, b += run.b_step;
    }
  };
}

template <class F>
ByteRows clamped(const Op& op, const Tensor& y, F f) {
  const auto [low, high] = activation_range(
      std::get<FusedAttr>(op.attr).activation, y.scale(), y.zero());
  return rows_of(low, high, f);
}

ByteRows sum(const Op& op, const Tensors& t) {
  const AddParams p = add_params(t.a, t.b, t.y, op.kind == OpKind::kSub);
  return clamped(op, t.y, [p, zero = t.y.zero()](int a, int b) {
    const int32_t scaled_a =
        requantize((a - p.zero0) * (1 << 20), p.multiplier0, p.shift0);
    const int32_t scaled_b =
        requantize((b - p.zero1) * (1 << 20), p.multiplier1, p.shift1);
    const int32_t total = wrap_add(scaled_a, wrap_mul(p.sign, scaled_b));
    return wrap_add(requantize(total, p.multiplier_out, p.shift_out), zero);
  });
}

ByteRows product(const Op& op, const Tensors& t) {
  const MulParams p = mul_params(t.a, t.b, t.y);
  return clamped(op, t.y, [p, zero = t.y.zero()](int a, int b) {
    const int32_t raw = (a - p.zero0) * (b - p.zero1);
    return wrap_add(requantize(raw, p.multiplier, p.shift), zero);
  });
}

// See divide_row in device/kernels for a divisor of zero.
ByteRows quotient(const Op& op, const Tensors& t) {
  const MulParams p = div_params(t.a, t.b, t.y);
  return clamped(op, t.y, [p, zero = t.y.zero()](int a, int b) {
    const int u = a - p.zero0, v = b - p.zero1;
    if (v == 0) return u == 0 ? zero : u < 0 ? -128 : 127;
    return static_cast<int>(
        wrap_add(divide(u, v, p.multiplier, p.shift), zero));
  });
}

ByteRows squared_difference(const Op&, const Tensors& t) {
  const SquaredDifferenceParams p = squared_difference_params(t.a, t.b, t.y);
  return rows_of(-128, 127, [p, zero = t.y.zero()](int a, int b) {
    const int32_t d = requantize((a - p.zero0) << 7, p.multiplier0, p.shift0) -
                      requantize((b - p.zero1) << 7, p.multiplier1, p.shift1);
    return wrap_add(requantize(d * d, p.multiplier_out, p.shift_out), zero);
  });
}

ByteRows prelu(const Op&, const Tensors& t) {
  const PreluParams p = prelu_params(t.a, t.b, t.y);
  return rows_of(
      -128, 127,
      [p, zero_in = t.a.zero(), zero = t.y.zero()](int x, int alpha) {
        const int d = x - zero_in;
        const int32_t scaled =
            d >= 0 ? requantize(d, p.multiplier_pos, p.shift_pos)
                   : requantize(d * (alpha - p.zero_alpha), p.multiplier_neg,
                                p.shift_neg);
        return wrap_add(scaled, zero);
      });
}

ByteRows larger(const Op&, const Tensors&) {
  return rows_of(-128, 127, [](int a, int b) { return std::max(a, b); });
}
ByteRows smaller(const Op&, const Tensors&) {
  return rows_of(-128, 127, [](int a, int b) { return std::min(a, b); });
}

template <class F>
ByteRows comparison(const Op&, const Tensors& t) {
  return rows_of(
      0, 1, [a = compared_values(t.a), b = compared_values(t.b)](int x, int y) {
        return F{}(a[static_cast<size_t>(x + 128)],
                   b[static_cast<size_t>(y + 128)])
                   ? 1
                   : 0;
      });
}

constexpr ByKind<ByteRows (*)(const Op&, const Tensors&)> kRows(
    {{OpKind::kAdd, sum},
     {OpKind::kSub, sum},
     {OpKind::kMul, product},
     {OpKind::kDiv, quotient},
     {OpKind::kSquaredDifference, squared_difference},
     {OpKind::kPrelu, prelu},
     {OpKind::kMaximum, larger},
     {OpKind::kMinimum, smaller},
     {OpKind::kEqual, comparison<std::equal_to<>>},
     {OpKind::kNotEqual, comparison<std::not_equal_to<>>},
     {OpKind::kGreater, comparison<std::greater<>>},
     {OpKind::kGreaterEqual, comparison<std::greater_equal<>>},
     {OpKind::kLess, comparison<std::less<>>},
     {OpKind::kLessEqual, comparison<std::less_equal<>>},
     {OpKind::kLogicalAnd, smaller},
     {OpKind::kLogicalOr, larger}});

}  // namespace

ComparedValues compared_values(const Tensor& t) {
  const Multiplier m = quantize_multiplier(double{t.scale()});
  ComparedValues values;
  for (int q = -128; q < 128; ++q) {
    values[static_cast<size_t>(q + 128)] =
        requantize((q - t.zero()) * (1 << 8), m.value, m.shift);
  }
  return values;
}

ByteRows binary_bytes(const Graph& graph, const Op& op) {
  const auto rows = kRows[op.kind];
  if (rows == nullptr) {
    throw Error(Exit::kInternal,
                std::string("no binary operator: ") + op_name(op.kind));
  }
  const auto tensor = [&](int t) -> const Tensor& {
    return graph.tensors[static_cast<size_t>(t)];
  };
  return rows(
      op, {tensor(op.inputs[0]), tensor(op.inputs[1]), tensor(op.outputs[0])});
}

}  // namespace shoal
