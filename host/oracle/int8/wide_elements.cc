// Element-wise operators of int16, SOFTMAX, sums and products of matrices.
#include <algorithm>
#include <cstdlib>
#include <functional>
#include <tuple>

#include "device/base/fixed_point.h"
#include "host/model/graph/wide.h"
#include "host/oracle/int8/matrices.h"
#include "host/oracle/int8/strides.h"
#include "host/oracle/int8/wide.h"

namespace shoal::oracle {
namespace {

using Function = std::function<int32_t(int a, int b)>;

Function sum(const Call& call) {
  const AddParams p = add_params(call.in(0), call.in(1), call.out(),
                                 call.op().kind == OpKind::kSub);
  return [p](int a, int b) {
    const int32_t s = requantize(a * 32768, p.multiplier0, p.shift0);
    const int32_t t = requantize(b * 32768, p.multiplier1, p.shift1);
    return requantize(wrap_add(s, wrap_mul(p.sign, t)), p.multiplier_out,
                      p.shift_out);
  };
}

Function product(const Call& call) {
  const MulParams p = mul_params(call.in(0), call.in(1), call.out());
  return [p](int a, int b) { return requantize(a * b, p.multiplier, p.shift); };
}

Function squared_difference(const Call& call) {
  const auto p = squared_difference_params(call.in(0), call.in(1), call.out());
  return [p](int a, int b) {
    const int32_t d = wrap_sub(requantize(a, p.multiplier0, p.shift0),
                               requantize(b, p.multiplier1, p.shift1));
    return requantize(wrap_mul(d, d), p.multiplier_out, p.shift_out);
  };
}

Function prelu(const Call& call) {
  const PreluParams p = prelu_params(call.in(0), call.in(1), call.out());
  return [p](int x, int alpha) {
    if (x >= 0) return requantize(x, p.multiplier_pos, p.shift_pos);
    return requantize(x * (alpha - p.zero_alpha), p.multiplier_neg,
                      p.shift_neg);
  };
}

Function function_of(const Call& call) {
  switch (call.op().kind) {
    case OpKind::kAdd:
    case OpKind::kSub:
      return sum(call);
    case OpKind::kMul:
      return product(call);
    case OpKind::kSquaredDifference:
      return squared_difference(call);
    case OpKind::kPrelu:
      return prelu(call);
    case OpKind::kMaximum:
      return [](int a, int b) { return std::max(a, b); };
    default:
      return [](int a, int b) { return std::min(a, b); };
  }
}

// An operand's numbers, of either width.
std::vector<int> numbers(const Call& call, size_t i) {
  if (is_int16(call.in(i))) {
    const auto v = call.copy_as<int16_t>(i);
    return {v.begin(), v.end()};
  }
  const auto v = call.int8s(i);
  return {v.begin(), v.end()};
}

void put_numbers(const Call& call, const std::vector<int>& y) {
  if (is_int16(call.out())) {
    return call.put(std::vector<int16_t>(y.begin(), y.end()));
  }
  call.put(std::vector<int8_t>(y.begin(), y.end()));
}

int rescaled(const RescaleParams& p, int v) {
  const int d = v - p.zero_in;
  int32_t y = 0;
  if (d >= 0) {
    y = requantize(d, p.multiplier, p.shift);
  } else if (p.negative_multiplier < 0) {
    y = requantize(-d, -p.negative_multiplier, p.negative_shift);
  } else {
    y = requantize(d, p.negative_multiplier, p.negative_shift);
  }
  return clamp(wrap_add(y, p.zero_out), p.low, p.high);
}

int sigmoid(const SigmoidParams& p, int x) {
  const int64_t half = p.shift > 0 ? int64_t{1} << (p.shift - 1) : 0;
  const int64_t v = (int64_t{x} * p.multiplier + half) >> p.shift;
  const int64_t size = std::abs(v);
  const int fraction_bits = p.is_tanh ? 8 : 9;
  const int64_t k = size >> fraction_bits;
  int64_t y = int64_t{p.is_tanh ? 0xFFFF : 0x7FFF} << (p.is_tanh ? 8 : 10);
  if (k < 255) {
    const int64_t a = table_entry(p.table, static_cast<int>(k));
    const int64_t b = table_entry(p.table, static_cast<int>(k) + 1);
    const int64_t part = size & ((1 << fraction_bits) - 1);
    y = (a << fraction_bits) + part * (b - a);
  }
  if (p.is_tanh) {
    const int64_t one = 1 << 23;
    return static_cast<int>((v >= 0 ? y - one + 128 : one - y + 127) >> 8);
  }
  return static_cast<int>((v >= 0 ? y + 512 : (1 << 25) - y + 511) >> 10);
}

// A table of 513 numbers from -32768 to 32768, between which values lie.
int between(const uint32_t* table, int value) {
  const int k = 256 + (value >> 7);
  const int base = static_cast<int16_t>(table_entry(table, k));
  const int next = static_cast<int16_t>(table_entry(table, k + 1));
  return base + (((next - base) * (value & 127) + 64) >> 7);
}

void softmax_row(const WideSoftmaxParams& p, const int16_t* x, size_t count,
                 int16_t* y) {
  const int most = *std::max_element(x, x + count);
  std::vector<int> exponentials;
  int64_t sum = 0;
  for (size_t i = 0; i < count; ++i) {
    const int32_t scaled = requantize(x[i] - most, p.multiplier, p.shift);
    const int at = std::clamp(wrap_add(scaled, 32767), -32768, 32767);
    exponentials.push_back(between(p.exponentials, at));
    sum += exponentials.back();
  }
  const int zeros = leading_zeros(static_cast<uint32_t>(sum));
  const int64_t part = ((sum << (zeros - 1)) + (1 << 13)) >> 14;
  const auto at = std::clamp<int64_t>(part - 32768 - 65536, -32768, 32767);
  const int scale = between(p.reciprocals, static_cast<int>(at));
  const int right = 31 - zeros;
  for (size_t i = 0; i < count; ++i) {
    const int64_t v =
        (int64_t{exponentials[i]} * scale + (1 << (right - 1))) >> right;
    y[i] = static_cast<int16_t>(std::clamp<int64_t>(v, 0, 32767));
  }
}

}  // namespace

void wide_binary(const Call& call) {
  const std::vector<int> a = numbers(call, 0), b = numbers(call, 1);
  const Function f = function_of(call);
  int low = -32768, high = 32767;
  if (const auto* fused = std::get_if<FusedAttr>(&call.op().attr)) {
    std::tie(low, high) =
        wide_activation_range(fused->activation, call.out().scale());
  }
  std::vector<int16_t> y(static_cast<size_t>(element_count(call.out().shape)));
  for_each_broadcast_run(call, [&](const BroadcastRun& run) {
    for (size_t i = 0; i < run.count; ++i) {
      const int u = a[run.a + i * static_cast<size_t>(run.a_step)];
      const int v = b[run.b + i * static_cast<size_t>(run.b_step)];
      y[run.y + i] = static_cast<int16_t>(clamp(f(u, v), low, high));
    }
  });
  call.put(y);
}

void wide_unary(const Call& call) {
  std::vector<int> y;
  if (call.in().type == Type::kFloat32) {
    for (const float v : call.copy_as<float>(0)) {
      y.push_back(quantize_to_int16(v, call.out().scale()));
    }
    return put_numbers(call, y);
  }
  const OpKind kind = call.op().kind;
  if (kind == OpKind::kLogistic || kind == OpKind::kTanh) {
    const SigmoidParams p = sigmoid_params(call.op(), call.in());
    for (const int v : numbers(call, 0)) y.push_back(sigmoid(p, v));
  } else {
    const RescaleParams p = rescale_params(call.graph(), call.op());
    for (const int v : numbers(call, 0)) y.push_back(rescaled(p, v));
  }
  put_numbers(call, y);
}

void wide_dequantize(const Call& call) {
  std::vector<float> y;
  for (const int v : numbers(call, 0)) {
    y.push_back(static_cast<float>(double{call.in().scale()} * v));
  }
  call.put(y);
}

void wide_softmax(const Call& call) {
  const auto p = wide_softmax_params(call.in(), call.attr<AlphaAttr>().value);
  const auto x = call.copy_as<int16_t>(0);
  std::vector<int16_t> y(x.size());
  const auto row = static_cast<size_t>(call.in().shape.back());
  for (size_t i = 0; i < x.size(); i += row) {
    softmax_row(p, x.data() + i, row, y.data() + i);
  }
  call.put(y);
}

void wide_sum(const Call& call) {
  const auto& reduced = call.attr<ReduceAttr>().reduced;
  const Tensor &x = call.in(), &y = call.out();
  const int count = reduced_count(x.shape, reduced);
  const ReduceParams p = call.op().kind == OpKind::kMean
                             ? mean_params(x, y, count)
                             : sum_params(x, y, count);
  const auto in = call.copy_as<int16_t>(0);
  std::vector<int32_t> sums(static_cast<size_t>(element_count(y.shape)), 0);
  const Strides strides = reduced_strides(x.shape, reduced);
  size_t i = 0;
  for_each_index(x.shape, [&](const Index& index) {
    sums[static_cast<size_t>(offset_of(index, strides))] += in[i++];
  });
  std::vector<int16_t> out;
  for (const int32_t v : sums) {
    out.push_back(static_cast<int16_t>(
        clamp(requantize(v, p.multiplier, p.shift), -32768, 32767)));
  }
  call.put(out);
}

void wide_matmul(const Call& call) {
  const MulParams p = matmul_params(call.in(0), call.in(1), call.out());
  const Shape& shape = call.out().shape;
  const size_t rank = shape.size();
  const MatmulSides sides = matmul_sides(call);
  const auto a = call.copy_as<int16_t>(0), b = call.copy_as<int16_t>(1);
  std::vector<int16_t> y;
  for_each_index(shape, [&](const Index& at) {
    int64_t from_a = at[rank - 2] * sides.row_a;
    int64_t from_b = at[rank - 1] * sides.column_b;
    for (size_t i = 0; i + 2 < rank; ++i) {
      from_a += at[i] * sides.batch_a[i];
      from_b += at[i] * sides.batch_b[i];
    }
    int64_t sum = 0;
    for (int k = 0; k < sides.length; ++k) {
      sum += int64_t{a[static_cast<size_t>(from_a + k * sides.step_a)]} *
             b[static_cast<size_t>(from_b + k * sides.step_b)];
    }
    const int32_t v =
        requantize_once(sum, shortened_multiplier(p.multiplier), p.shift);
    y.push_back(static_cast<int16_t>(clamp(v, -32768, 32767)));
  });
  call.put(y);
}

}  // namespace shoal::oracle
