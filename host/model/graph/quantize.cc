#include "host/model/graph/quantize.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "device/base/fixed_point.h"
#include "host/base/error.h"
#include "host/model/graph/digits.h"
#include "host/model/graph/long_real.h"

namespace shoal {
namespace {

// Scales near the ends of float32 give quotients that no int holds.
int rounded(double v) {
  constexpr double kFar = 1 << 30;
  return static_cast<int>(std::clamp(std::round(v), -kFar, kFar));
}

int to_int8(int v) { return std::clamp(v, -128, 127); }

// With shift 0 requantize() rounds once. As `d` is then in units of 2^-31, a
// result of at most 256 quanta is off by at most 2^-24 / d of a quantum.
Multiplier rounding_once(double d) {
  if (d >= 0.5) return quantize_multiplier(d);
  return {static_cast<int32_t>(std::llround(d * 0x1p31)), 0};
}

Multiplier multiplier_of(double d, const Tensor& result) {
  return result.quant.rounds_once ? rounding_once(d) : quantize_multiplier(d);
}

int floor_log2(int n) {
  int k = 0;
  while (n >>= 1) ++k;
  return k;
}

}  // namespace

Multiplier quantize_multiplier(double d) {
  if (d == 0) return {0, 0};
  int shift = 0;
  const double fraction = std::frexp(d, &shift);
  int64_t value = std::llround(fraction * static_cast<double>(1LL << 31));
  if (value == (1LL << 31)) {
    value /= 2;
    ++shift;
  }
  if (shift < -31) return {0, 0};
  if (shift > 30) return {kInt32Max, 30};
  return {static_cast<int32_t>(value), shift};
}

std::pair<int, int> activation_range(Activation activation, float scale,
                                     int zero) {
  const auto byte_of = [&](float v) {
    return to_int8(zero + rounded(v / scale));
  };
  switch (activation) {
    case Activation::kNone:
      break;
    case Activation::kRelu:
      return {byte_of(0.f), 127};
    case Activation::kReluN1To1:
      return {byte_of(-1.f), byte_of(1.f)};
    case Activation::kRelu6:
      return {byte_of(0.f), byte_of(6.f)};
  }
  return {-128, 127};
}

std::vector<Multiplier> channel_multipliers(const Tensor& input,
                                            const Tensor& weights,
                                            const Tensor& output, int channels,
                                            bool single_in_float) {
  std::vector<Multiplier> result;
  result.reserve(channels);
  if (const int digits = output.quant.digits; digits > 0) {
    for (int c = 0; c < channels; ++c) {
      result.push_back(digit_multiplier(c % digits, digits));
    }
    return result;
  }
  const std::vector<float>& scales = weights.quant.scale;
  const bool per_channel = scales.size() > 1;
  const double sx = input.scale(), sy = output.scale();
  if (!per_channel && single_in_float) {
    const float product = input.scale() * weights.scale();
    return std::vector<Multiplier>(
        channels, multiplier_of(static_cast<double>(product) / sy, output));
  }
  for (int c = 0; c < channels; ++c) {
    const double sw = scales.at(per_channel ? c : 0);
    result.push_back(multiplier_of(sx * sw / sy, output));
  }
  return result;
}

AddParams add_params(const Tensor& a, const Tensor& b, const Tensor& y,
                     bool subtract) {
  const double twice_max = 2.0 * std::max<double>(a.scale(), b.scale());
  const auto quotient = [&](double over, double under) {
    const double q = over / under;
    return quantize_multiplier(subtract ? static_cast<float>(q) : q);
  };
  const Multiplier m0 = quotient(a.scale(), twice_max);
  const Multiplier m1 = quotient(b.scale(), twice_max);
  const int shift = is_int16(y) ? kWideAddShift : 20;
  const Multiplier out =
      quotient(twice_max, static_cast<double>(1 << shift) * y.scale());
  return {a.zero(), b.zero(),  m0.value,  m0.shift,         m1.value,
          m1.shift, out.value, out.shift, subtract ? -1 : 1};
}

MulParams mul_params(const Tensor& a, const Tensor& b, const Tensor& y) {
  const Multiplier m =
      multiplier_of(static_cast<double>(a.scale()) * b.scale() / y.scale(), y);
  return {a.zero(), b.zero(), m.value, m.shift};
}

PreluParams prelu_params(const Tensor& x, const Tensor& alpha,
                         const Tensor& y) {
  const double sx = x.scale(), sy = y.scale();
  const Multiplier pos = multiplier_of(sx / sy, y);
  const Multiplier neg = multiplier_of(sx * alpha.scale() / sy, y);
  return {alpha.zero(), pos.value, pos.shift, neg.value, neg.shift};
}

ReduceParams mean_params(const Tensor& x, const Tensor& y, int count) {
  const double ratio = static_cast<double>(x.scale()) / y.scale();
  if (y.quant.rounds_once) {
    const Multiplier m = rounding_once(ratio / count);
    return {count, m.value, m.shift};
  }
  const Multiplier m = quantize_multiplier(ratio);
  const int k = std::min({floor_log2(count), 32, 31 + m.shift});
  const int64_t divided = (static_cast<int64_t>(m.value) << k) / count;
  return {count, static_cast<int32_t>(divided), m.shift - k};
}

ReduceParams sum_params(const Tensor& x, const Tensor& y, int count) {
  const Multiplier m =
      multiplier_of(static_cast<double>(x.scale()) / y.scale(), y);
  return {count, m.value, m.shift};
}

SoftmaxParams softmax_params(const Tensor& x, float beta) {
  const double scaled = std::min(
      static_cast<double>(beta) * x.scale() * (1 << 26), double{kInt32Max});
  const Multiplier m = quantize_multiplier(scaled);
  if (m.value <= 0 || m.shift <= 0) {
    throw Error(Exit::kUnsupported,
                "SOFTMAX of " + x.name + ": beta times the input scale is " +
                    std::to_string(scaled) + " / 2^26, less than 1 / 2^26");
  }
  const int64_t range = (int64_t{31} << 26) >> m.shift;
  return {m.value, m.shift, static_cast<int32_t>(-range)};
}

namespace {

// 2^30 * e^-(scale * distance), to the nearest whole number.
int32_t exponential(const LongReal& scale, int distance) {
  const LongReal power = scale * LongReal(int64_t{distance});
  if (power.estimate() > 30) return 0;
  const LongReal half = LongReal(int64_t{1}).shifted(-1);
  const LongReal value = exp(-power).shifted(30) + half;
  auto whole = static_cast<int64_t>(value.estimate());
  while (value < LongReal(whole)) --whole;
  while (!(value < LongReal(whole + 1))) ++whole;
  return static_cast<int32_t>(whole);
}

}  // namespace

ProbabilityParams probability_params(const Tensor& x, float beta,
                                     const Tensor& y) {
  constexpr int kFactorBits = 23;
  int exponent = 0;
  const double factor = std::frexp(1.0 / y.scale(), &exponent);
  if (exponent >= kFactorBits || exponent < kFactorBits - 62) {
    throw Error(Exit::kUnsupported,
                "SOFTMAX in float32 of " + x.name + ": output scale " +
                    std::to_string(y.scale()),
                "a scale between 2^-22 and 2^38");
  }
  ProbabilityParams p{};
  p.factor = static_cast<int32_t>(std::lround(std::ldexp(factor, kFactorBits)));
  p.shift = kFactorBits - exponent;
  const LongReal scale = LongReal(beta) * LongReal(x.scale());
  for (int d = 0; d < 256; ++d) p.exponentials[d] = exponential(scale, d);
  return p;
}

SquaredDifferenceParams squared_difference_params(const Tensor& a,
                                                  const Tensor& b,
                                                  const Tensor& y) {
  const double t = 2.0 * std::max<double>(a.scale(), b.scale());
  const Multiplier m0 = quantize_multiplier(a.scale() / t);
  const Multiplier m1 = quantize_multiplier(b.scale() / t);
  const int shift = is_int16(y) ? 0 : 14;
  const Multiplier out = quantize_multiplier(
      t * t / (static_cast<double>(1 << shift) * y.scale()));
  return {a.zero(), b.zero(), m0.value,  m0.shift,
          m1.value, m1.shift, out.value, out.shift};
}

MulParams div_params(const Tensor& a, const Tensor& b, const Tensor& y) {
  const float under = b.scale() * y.scale();
  const float quotient = a.scale() / under;
  const Multiplier m = quantize_multiplier(static_cast<double>(quotient));
  if (m.shift > kMostDivideShift) {
    throw Error(Exit::kUnsupported,
                "DIV of " + y.name + ": its output scale is too small");
  }
  return {a.zero(), b.zero(), m.value, m.shift};
}

MulParams matmul_params(const Tensor& a, const Tensor& b, const Tensor& y) {
  const float product = a.scale() * b.scale();
  const Multiplier m =
      multiplier_of(static_cast<double>(product) / y.scale(), y);
  return {a.zero(), b.zero(), m.value, m.shift};
}

LogSoftmaxParams log_softmax_params(const Tensor& x) {
  const SoftmaxParams p = softmax_params(x, 1.f);
  const Multiplier back =
      quantize_multiplier(std::ldexp(1.0, 31 - p.shift) / p.multiplier);
  if (back.shift > 0) {
    throw Error(Exit::kUnsupported,
                "LOG_SOFTMAX of " + x.name + ": the input scale is too small");
  }
  return {p.multiplier, p.shift, p.diff_min, back.value, back.shift};
}

// Elements are scaled by a half, which is exact: sums are in units of 2^-19.
RunningSumParams running_sum_params(const Tensor& x, const Tensor& y) {
  const double twice = 2.0 * x.scale();
  const Multiplier m =
      quantize_multiplier(twice / (static_cast<double>(1 << 20) * y.scale()));
  return {m.value, m.shift, 0, 0};
}

BilinearLine bilinear_line(int in, int out, const ResizeAttr& attr) {
  const bool corners = attr.align_corners && out > 1;
  const int from = corners ? in - 1 : in, to = corners ? out - 1 : out;
  const int scale = (1024 * from + to / 2) / to;
  return {scale, attr.half_pixel_centers ? scale / 2 - 512 : 0};
}

std::vector<uint16_t> nearest_indices(int in, int out, const ResizeAttr& attr) {
  const float ratio =
      attr.align_corners && out > 1
          ? static_cast<float>(in - 1) / static_cast<float>(out - 1)
          : static_cast<float>(in) / static_cast<float>(out);
  const float offset = attr.half_pixel_centers ? 0.5f : 0.f;
  std::vector<uint16_t> index(out);
  for (int i = 0; i < out; ++i) {
    const float centre = static_cast<float>(i) + offset;
    const float position = centre * ratio;
    const float at =
        attr.align_corners ? std::round(position) : std::floor(position);
    index[i] = static_cast<uint16_t>(std::min(static_cast<int>(at), in - 1));
  }
  return index;
}

int8_t quantize_float(float v, float scale, int zero) {
  const float quotient = v / scale;
  if (std::isnan(quotient)) return static_cast<int8_t>(to_int8(zero));
  return static_cast<int8_t>(to_int8(rounded(quotient) + zero));
}

int round_to_byte(double v, int zero) {
  constexpr double kFar = 1 << 20;
  if (std::isnan(v)) return zero;
  const double nearest = std::nearbyint(std::clamp(v, -kFar, kFar));
  return to_int8(static_cast<int>(nearest) + zero);
}

float dequantize(int8_t q, float scale, int zero) {
  return static_cast<float>(static_cast<double>(scale) * (q - zero));
}

}  // namespace shoal
