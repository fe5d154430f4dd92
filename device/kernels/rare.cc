// Kernels that networks seldom need, and then on few elements: firmware builds
// this file for size.
#include "device/base/fixed_point.h"
#include "device/kernels/each_pair.h"
#include "device/kernels/kernels.h"
#include "device/program/params.h"

namespace shoal {
namespace {

template <class T>
const T& params_as(const PixelArgs& a) {
  return *reinterpret_cast<const T*>(a.params);
}

void log_softmax_pixel(const LogSoftmaxParams& p, const int8_t* in,
                       int channels, int8_t* out) {
  int highest = -128;
  for (int c = 0; c < channels; ++c) {
    if (in[c] > highest) highest = in[c];
  }
  const auto scaled = [&](int d) {
    return requantize(d, p.multiplier, p.shift);
  };
  uint32_t sum = 0;
  for (int c = 0; c < channels; ++c) {
    const int d = in[c] - highest;
    if (d < p.diff_min) continue;
    sum += bits(round_shift(exp_negative(scaled(d), 5), 12));
  }
  const int32_t log = log_of_sum(sum);
  int32_t limit =
      requantize(wrap_add(log, kInt32Min), p.back_multiplier, p.back_shift);
  if (limit < p.diff_min - 1) limit = p.diff_min - 1;
  for (int c = 0; c < channels; ++c) {
    const int d = in[c] - highest;
    int32_t y = -128;
    if (d > limit) y = round_shift(wrap_sub(scaled(d), log), 22) + 127;
    out[c] = static_cast<int8_t>(clamp(y, -128, 127));
  }
}

}  // namespace

// A divisor of zero leaves the sign of the other operand: the lowest or the
// highest value, zero if that is zero too.
void divide_row(const BinaryArgs& args) {
  const MulParams p = params_of<MulParams>(args);
  const int zero = args.zero_out;
  each(args, [=](int a, int b) -> int32_t {
    const int32_t u = a - p.zero0, v = b - p.zero1;
    if (v == 0) return u < 0 ? -128 : u > 0 ? 127 : zero;
    return wrap_add(divide(u, v, p.multiplier, p.shift), zero);
  });
}

void squared_difference_row(const BinaryArgs& args) {
  const auto p = params_of<SquaredDifferenceParams>(args);
  const int zero = args.zero_out;
  each(args, [=](int a, int b) {
    const int32_t d =
        wrap_sub(requantize((a - p.zero0) * 128, p.multiplier0, p.shift0),
                 requantize((b - p.zero1) * 128, p.multiplier1, p.shift1));
    return wrap_add(requantize(wrap_mul(d, d), p.multiplier_out, p.shift_out),
                    zero);
  });
}

void log_softmax_row(const PixelArgs& a) {
  for (int x = a.x0; x < a.x1; ++x) {
    log_softmax_pixel(params_as<LogSoftmaxParams>(a), a.in + x * a.in_stride,
                      a.channels, a.out + x * a.out_stride);
  }
}

void l2_norm_row(const PixelArgs& a) {
  for (int x = a.x0; x < a.x1; ++x) {
    const int8_t* in = a.in + x * a.in_stride;
    int8_t* out = a.out + x * a.out_stride;
    uint32_t sum = 0;
    for (int c = 0; c < a.channels; ++c) {
      const int d = in[c] - a.zero_in;
      sum += bits(d * d);
    }
    const InverseRoot root = inverse_root(sum);
    for (int c = 0; c < a.channels; ++c) {
      const int32_t v =
          requantize(in[c] - a.zero_in, root.value, root.shift + 7);
      out[c] = static_cast<int8_t>(clamp(v, -128, 127));
    }
  }
}

// Both roundings down are one, because the divisors are whole numbers.
void probability_row(const PixelArgs& a) {
  const auto& p = params_as<ProbabilityParams>(a);
  for (int x = a.x0; x < a.x1; ++x) {
    const int8_t* in = a.in + x * a.in_stride;
    int8_t* out = a.out + x * a.out_stride;
    int highest = -128;
    for (int c = 0; c < a.channels; ++c) {
      if (in[c] > highest) highest = in[c];
    }
    uint64_t sum = 0;
    for (int c = 0; c < a.channels; ++c) {
      sum += bits(p.exponentials[highest - in[c]]);
    }
    for (int c = 0; c < a.channels; ++c) {
      const auto e = static_cast<uint64_t>(p.exponentials[highest - in[c]]);
      const uint64_t half = uint64_t{1} << (p.shift - 1);
      const uint64_t steps = (e * bits(p.factor) / sum + half) >> p.shift;
      const int32_t v = static_cast<int32_t>(steps < 512 ? steps : 512);
      out[c] = static_cast<int8_t>(clamp(v + a.zero_out, -128, 127));
    }
  }
}

void arg_max_row(const PixelArgs& a) {
  const int sign = params_as<ArgParams>(a).sign;
  for (int x = a.x0; x < a.x1; ++x) {
    const int8_t* in = a.in + x * a.in_stride;
    int best = 0;
    for (int c = 1; c < a.channels; ++c) {
      if ((in[c] - in[best]) * sign > 0) best = c;
    }
    int8_t* out = a.out + x * a.out_stride;
    out[0] = static_cast<int8_t>(best & 255);
    out[1] = static_cast<int8_t>(best >> 8);
  }
}

void running_sum_row(const PixelArgs& a) {
  const auto& p = params_as<RunningSumParams>(a);
  for (int x = a.x0; x < a.x1; ++x) {
    const int8_t* in = a.in + x * a.in_stride;
    int8_t* out = a.out + x * a.out_stride;
    uint32_t sum = 0;
    for (int i = 0; i < a.channels; ++i) {
      const int c = p.reverse ? a.channels - 1 - i : i;
      const uint32_t d = bits(in[c] - a.zero_in);
      if (!p.exclusive) sum += d;
      const int32_t v = requantize(wrap(sum << 19), p.multiplier, p.shift);
      if (p.exclusive) sum += d;
      out[c] = static_cast<int8_t>(clamp(wrap_add(v, a.zero_out), -128, 127));
    }
  }
}

}  // namespace shoal
