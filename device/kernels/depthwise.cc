// Depthwise convolution in blocks of four output channels of one pixel. With
// depth multiplier 1 the four read four input channels side by side, else
// blocks are cut so that all of a block read the same one.
#include "device/kernels/portable.h"
#include "device/kernels/window.h"

namespace shoal {
namespace {

// acc[i] += sum over `taps` taps of (w[i] - zero_weight) * x[i * kStep].
template <int kOut, int kStep, bool kZero>
inline void tap_sum(const int8_t* x, int x_step, const int8_t* w, int w_step,
                    int taps, int zero_weight, uint32_t (&acc)[kOut]) {
  for (int t = 0; t < taps; ++t, x += x_step, w += w_step) {
    for (int i = 0; i < kOut; ++i) {
      int f = w[i];
      if (kZero) f -= zero_weight;
      acc[i] += bits(f * x[i * kStep]);
    }
  }
}

// The same with x = zero_in.
uint32_t padding(const ConvArgs& a, const int8_t* w, int taps) {
  uint32_t sum = 0;
  for (int t = 0; t < taps; ++t, w += a.weight_stride) {
    sum += bits(*w - a.zero_weight);
  }
  return sum * bits(a.zero_in);
}

uint32_t padding_taps(const ConvArgs& a, int o, Span taps) {
  const int8_t* w = a.weights + o;
  uint32_t sum = 0;
  for (int ky = 0; ky < a.kernel_h; ++ky) {
    const Span inside = a.rows[ky] ? taps : Span{0, 0};
    sum += padding(a, w, inside.lo);
    sum += padding(a, w + inside.hi * a.weight_stride, a.kernel_w - inside.hi);
    w += a.kernel_w * a.weight_stride;
  }
  return sum;
}

template <int kOut, int kStep, bool kZero>
void block(const ConvArgs& a, int o, int in, int x, Span taps, bool padded) {
  uint32_t acc[kOut];
  for (int i = 0; i < kOut; ++i) {
    acc[i] = accumulator_start(a, o + i, x);
    if (padded) acc[i] += padding_taps(a, o + i, taps);
  }
  const int first =
      (x * a.stride_x - a.pad_left + taps.lo * a.dilation_x) * a.in_stride + in;
  const int8_t* w = a.weights + taps.lo * a.weight_stride + o;
  for (int ky = 0; ky < a.kernel_h; ++ky) {
    if (a.rows[ky]) {
      tap_sum<kOut, kStep, kZero>(
          a.rows[ky] + first, a.dilation_x * a.in_stride, w, a.weight_stride,
          taps.hi - taps.lo, a.zero_weight, acc);
    }
    w += a.kernel_w * a.weight_stride;
  }
  for (int i = 0; i < kOut; ++i) accumulator_end(a, o + i, x, acc[i]);
}

template <int kStep, bool kZero>
void pixel(const ConvArgs& a, int x, bool null_rows) {
  const Span taps = valid_taps(a, x);
  const bool padded = null_rows || taps.hi - taps.lo != a.kernel_w;
  const int group = kStep ? a.channels : a.multiplier;
  for (int o = 0, in = 0; o < a.channels;) {
    const int end = o + group < a.channels ? o + group : a.channels;
    for (; o + 4 <= end; o += 4) {
      block<4, kStep, kZero>(a, o, in, x, taps, padded);
      in += 4 * kStep;
    }
    for (; o < end; ++o) {
      block<1, kStep, kZero>(a, o, in, x, taps, padded);
      in += kStep;
    }
    if (!kStep) ++in;
  }
}

template <int kStep, bool kZero>
void depthwise(const ConvArgs& a) {
  const bool nulls = has_null_rows(a);
  for (int x = a.x0; x < a.x1; ++x) pixel<kStep, kZero>(a, x, nulls);
}

}  // namespace

void portable_depthwise(const ConvArgs& a) {
  if (a.multiplier == 1) {
    a.zero_weight ? depthwise<1, true>(a) : depthwise<1, false>(a);
  } else {
    a.zero_weight ? depthwise<0, true>(a) : depthwise<0, false>(a);
  }
}

}  // namespace shoal
