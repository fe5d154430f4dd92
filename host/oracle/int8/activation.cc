// Operators of one operand, element by element, and SOFTMAX over the last
// axis.
#include <algorithm>

#include "device/base/fixed_point.h"
#include "host/model/graph/quantize.h"
#include "host/oracle/int8/call.h"

namespace shoal::oracle {
namespace {

void softmax_row(std::span<const int8_t> x, std::span<int8_t> y,
                 const SoftmaxParams& p) {
  const int highest = *std::max_element(x.begin(), x.end());
  const auto exponential = [&](int8_t v) {
    const int32_t scaled = (v - highest) * (1 << p.shift);
    return exp_negative(high_mul(scaled, p.multiplier), 5);
  };
  uint32_t sum = 0;
  for (int8_t v : x) {
    if (v - highest < p.diff_min) continue;
    sum += bits(round_shift(exponential(v), 12));
  }
  const int zeros = leading_zeros(sum);
  const int32_t fraction = wrap((sum << zeros) - 0x80000000u);
  const int32_t scale =
      saturate(2 * static_cast<int64_t>(reciprocal_one_plus(fraction)));
  for (size_t i = 0; i < x.size(); ++i) {
    int32_t v = -128;
    // Shifts of 32 and more (512 nearly equal classes) leave nothing.
    if (x[i] - highest >= p.diff_min && zeros >= 4) {
      v = round_shift(high_mul(scale, exponential(x[i])), 35 - zeros) - 128;
    }
    y[i] = static_cast<int8_t>(clamp(v, -128, 127));
  }
}

void log_softmax_row(std::span<const int8_t> x, std::span<int8_t> y,
                     const LogSoftmaxParams& p) {
  const int highest = *std::max_element(x.begin(), x.end());
  const auto scaled = [&](int8_t v) {
    return requantize(v - highest, p.multiplier, p.shift);
  };
  uint32_t sum = 0;
  for (int8_t v : x) {
    if (v - highest < p.diff_min) continue;
    sum += bits(round_shift(exp_negative(scaled(v), 5), 12));
  }
  const int32_t log = log_of_sum(sum);
  const int32_t limit =
      std::max(p.diff_min - 1,
               requantize(log + kInt32Min, p.back_multiplier, p.back_shift));
  for (size_t i = 0; i < x.size(); ++i) {
    int32_t v = -128;
    if (x[i] - highest > limit) v = round_shift(scaled(x[i]) - log, 22) + 127;
    y[i] = static_cast<int8_t>(clamp(v, -128, 127));
  }
}

}  // namespace

void quantize(const Call& call) {
  if (call.in().type != Type::kFloat32) return unary(call);
  const Tensor& out = call.out();
  const auto x = call.copy_as<float>(0);
  const auto y = call.result();
  for (size_t i = 0; i < x.size(); ++i) {
    y[i] = quantize_float(x[i], out.scale(), out.zero());
  }
}

void dequantize(const Call& call) {
  const Tensor& in = call.in();
  const auto x = call.int8s();
  const auto y = call.result_bytes();
  for (size_t i = 0; i < x.size(); ++i) {
    const float v = shoal::dequantize(x[i], in.scale(), in.zero());
    std::memcpy(y.data() + i * sizeof v, &v, sizeof v);
  }
}

void unary(const Call& call) {
  const auto table = unary_table(call.graph(), call.op());
  const auto x = call.int8s();
  const auto y = call.result();
  for (size_t i = 0; i < x.size(); ++i) y[i] = table[x[i] + 128];
}

void log_softmax(const Call& call) {
  const auto x = call.int8s();
  const auto y = call.result();
  const LogSoftmaxParams p = log_softmax_params(call.in());
  const size_t row = call.in().shape.back();
  for (size_t i = 0; i < x.size(); i += row) {
    log_softmax_row(x.subspan(i, row), y.subspan(i, row), p);
  }
}

// In the scale 1/128.
void l2_norm(const Call& call) {
  const auto x = call.int8s();
  const auto y = call.result();
  const int zero = call.in().zero();
  const size_t row = static_cast<size_t>(call.in().shape.back());
  for (size_t first = 0; first < x.size(); first += row) {
    int64_t squares = 0;
    for (size_t i = first; i < first + row; ++i) {
      squares += (x[i] - zero) * (x[i] - zero);
    }
    const InverseRoot root = inverse_root(static_cast<uint32_t>(squares));
    for (size_t i = first; i < first + row; ++i) {
      y[i] = static_cast<int8_t>(clamp(
          requantize(x[i] - zero, root.value, root.shift + 7), -128, 127));
    }
  }
}

// The real result, to 2^-22 of its own: halves go up.
void probability(const Call& call) {
  const auto x = call.int8s();
  const auto y = call.result();
  const auto p =
      probability_params(call.in(), call.attr<AlphaAttr>().value, call.out());
  const size_t row = static_cast<size_t>(call.in().shape.back());
  for (size_t first = 0; first < x.size(); first += row) {
    const auto in = x.subspan(first, row);
    const int highest = *std::max_element(in.begin(), in.end());
    int64_t sum = 0;
    for (const int8_t v : in) sum += p.exponentials[highest - v];
    for (size_t i = 0; i < row; ++i) {
      const int64_t part = int64_t{p.exponentials[highest - in[i]]} * p.factor;
      const int64_t steps =
          (part / sum + (int64_t{1} << (p.shift - 1))) >> p.shift;
      y[first + i] = static_cast<int8_t>(
          std::clamp<int64_t>(steps + call.out().zero(), -128, 127));
    }
  }
}

void softmax(const Call& call) {
  if (call.attr<AlphaAttr>().is_real) return probability(call);
  const auto x = call.int8s();
  const auto y = call.result();
  const SoftmaxParams p =
      softmax_params(call.in(), call.attr<AlphaAttr>().value);
  const size_t row = call.in().shape.back();
  for (size_t i = 0; i < x.size(); i += row) {
    softmax_row(x.subspan(i, row), y.subspan(i, row), p);
  }
}

}  // namespace shoal::oracle
