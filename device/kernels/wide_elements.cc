// Element-wise kernels of 16 bits, softmax, and an element of a product.
#include "device/base/fixed_point.h"
#include "device/kernels/sigmoid.h"
#include "device/kernels/wide.h"

namespace shoal {
namespace {

// out = clamp(f(a, b)) for each element.
template <class B, class F>
void each(const WideBinaryArgs& args, F f) {
  for (int x = args.x0; x < args.x1; ++x) {
    const int16_t* a = args.a + x * args.a_stride;
    const B* b = static_cast<const B*>(args.b) + x * args.b_stride;
    int16_t* out = args.out + x * args.out_stride;
    for (const int16_t* end = out + args.channels; out != end;) {
      *out++ =
          static_cast<int16_t>(clamp(f(int{*a}, int{*b}), args.low, args.high));
      a += args.a_step, b += args.b_step;
    }
  }
}

template <class P>
const P& params_of(const int32_t* params) {
  return *reinterpret_cast<const P*>(params);
}

int32_t signed_entry(const uint32_t* table, uint32_t k) {
  return static_cast<int16_t>(table_entry(table, k));
}

// A table of 513 entries, between which the lower seven bits lie.
int32_t look_up(const uint32_t* table, int32_t value) {
  const auto k = static_cast<uint32_t>(256 + (value >> 7));
  const int32_t base = signed_entry(table, k);
  const auto slope = static_cast<int16_t>(signed_entry(table, k + 1) - base);
  return static_cast<int16_t>(base + ((slope * (value & 0x7F) + 64) >> 7));
}

template <class In, class Out>
void rescale(const WidePixelArgs& a) {
  const auto p = params_of<RescaleParams>(a.params);
  const bool mirrored = p.negative_multiplier < 0;
  const int32_t below =
      mirrored ? -p.negative_multiplier : p.negative_multiplier;
  for (int x = a.x0; x < a.x1; ++x) {
    const In* in = static_cast<const In*>(a.in) + x * a.in_stride;
    Out* out = static_cast<Out*>(a.out) + x * a.out_stride;
    for (const Out* end = out + a.channels; out != end;) {
      const int32_t d = *in++ - p.zero_in;
      int32_t v = 0;
      if (d >= 0) {
        v = requantize(d, p.multiplier, p.shift);
      } else {
        v = requantize(mirrored ? -d : d, below, p.negative_shift);
      }
      *out++ = static_cast<Out>(clamp(wrap_add(v, p.zero_out), p.low, p.high));
    }
  }
}

void softmax_pixel(const WideSoftmaxParams& p, const int16_t* in, int channels,
                   int16_t* out) {
  int32_t most = -32768;
  for (int c = 0; c < channels; ++c) most = in[c] > most ? in[c] : most;
  uint32_t exponentials = 0;
  for (int c = 0; c < channels; ++c) {
    const int32_t scaled = requantize(in[c] - most, p.multiplier, p.shift);
    const int32_t at = clamp(wrap_add(scaled, 32767), -32768, 32767);
    out[c] = static_cast<int16_t>(look_up(p.exponentials, at));
    exponentials += bits(out[c]);
  }
  // The largest channel alone gives 2^15 - 1, in tables that are what they
  // should be.
  const int32_t sum = wrap(exponentials) < 2 ? 2 : wrap(exponentials);
  const int zeros = leading_zeros(bits(sum));
  const auto part = static_cast<int32_t>(
      ((static_cast<int64_t>(sum) << (zeros - 1)) + (1 << 13)) >> 14);
  const int32_t scale = look_up(
      p.reciprocals, clamp(part - (1 << 15) - (1 << 16), -32768, 32767));
  const int right = 31 - zeros;
  for (int c = 0; c < channels; ++c) {
    const int64_t product =
        static_cast<int64_t>(out[c]) * scale + (int64_t{1} << (right - 1));
    out[c] = static_cast<int16_t>(
        clamp(static_cast<int32_t>(product >> right), 0, 32767));
  }
}

}  // namespace

void wide_add_row(const WideBinaryArgs& args) {
  const auto p = params_of<AddParams>(args.params);
  each<int16_t>(args, [=](int a, int b) {
    const int32_t s =
        requantize(wrap(bits(a) << kWideAddShift), p.multiplier0, p.shift0);
    const int32_t t =
        requantize(wrap(bits(b) << kWideAddShift), p.multiplier1, p.shift1);
    const int32_t sum = p.sign < 0 ? wrap_sub(s, t) : wrap_add(s, t);
    return requantize(sum, p.multiplier_out, p.shift_out);
  });
}

void wide_mul_row(const WideBinaryArgs& args) {
  const auto p = params_of<MulParams>(args.params);
  each<int16_t>(args, [=](int a, int b) {
    return requantize(a * b, p.multiplier, p.shift);
  });
}

void wide_squared_difference_row(const WideBinaryArgs& args) {
  const auto p = params_of<SquaredDifferenceParams>(args.params);
  each<int16_t>(args, [=](int a, int b) {
    const int32_t d = wrap_sub(requantize(a, p.multiplier0, p.shift0),
                               requantize(b, p.multiplier1, p.shift1));
    return requantize(wrap_mul(d, d), p.multiplier_out, p.shift_out);
  });
}

void wide_maximum_row(const WideBinaryArgs& args) {
  each<int16_t>(args, [](int a, int b) { return a > b ? a : b; });
}

void wide_minimum_row(const WideBinaryArgs& args) {
  each<int16_t>(args, [](int a, int b) { return a < b ? a : b; });
}

void wide_prelu_row(const WideBinaryArgs& args) {
  const auto p = params_of<PreluParams>(args.params);
  each<int8_t>(args, [=](int x, int alpha) {
    return x >= 0 ? requantize(x, p.multiplier_pos, p.shift_pos)
                  : requantize(x * (alpha - p.zero_alpha), p.multiplier_neg,
                               p.shift_neg);
  });
}

void rescale_row(const WidePixelArgs& a) {
  const auto& p = params_of<RescaleParams>(a.params);
  if (p.in_bytes == 1) return rescale<int8_t, int16_t>(a);
  if (p.out_bytes == 1) return rescale<int16_t, int8_t>(a);
  rescale<int16_t, int16_t>(a);
}

void sigmoid_row(const WidePixelArgs& a) {
  const auto& p = params_of<SigmoidParams>(a.params);
  const int32_t half = p.shift > 0 ? 1 << (p.shift - 1) : 0;
  const auto function = p.is_tanh ? tangent : logistic;
  for (int x = a.x0; x < a.x1; ++x) {
    const int16_t* in = static_cast<const int16_t*>(a.in) + x * a.in_stride;
    int16_t* out = static_cast<int16_t*>(a.out) + x * a.out_stride;
    for (const int16_t* end = out + a.channels; out != end;) {
      const int32_t v = (*in++ * p.multiplier + half) >> p.shift;
      *out++ = static_cast<int16_t>(function(p.table, v));
    }
  }
}

void wide_softmax_row(const WidePixelArgs& a) {
  const auto& p = params_of<WideSoftmaxParams>(a.params);
  for (int x = a.x0; x < a.x1; ++x) {
    softmax_pixel(p, static_cast<const int16_t*>(a.in) + x * a.in_stride,
                  a.channels, static_cast<int16_t*>(a.out) + x * a.out_stride);
  }
}

int16_t wide_matmul_element(const WideMatmulArgs& a) {
  int64_t sum = 0;
  for (int k = 0; k < a.length; ++k) sum += int64_t{a.row[k] * a.b[k]};
  const int32_t v = requantize_once(sum, a.multiplier, a.shift);
  return static_cast<int16_t>(clamp(v, a.wide.low, a.wide.high));
}

}  // namespace shoal
