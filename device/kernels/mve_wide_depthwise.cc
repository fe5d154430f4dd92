// Depthwise convolution of 16-bit elements, eight channels at a time, where
// sums stay within 32 bits: those of even channels in one vector, those of odd
// ones in another. All others are the portable kernel's.
#include "device/kernels/mve.h"
#include "device/kernels/mve_vectors.h"
#include "device/kernels/wide_sums.h"
#include "device/kernels/window.h"

namespace shoal {
namespace {

constexpr int kLanes = 8;

// Eight channels of a row: biases and multipliers of the even ones and of the
// odd ones, and copies of what every pixel reads.
struct Lanes {
  Words bias[2], multiplier[2];
  const int16_t* const* rows;
  int o, kernel_h, kernel_w, w_step, x_step;
  const int8_t* weights;
  int16_t low, high;
  bool are_quick = true;  // else some of them end otherwise

  Lanes(const WideConvArgs& a, int first)
      : rows(a.rows),
        o(first),
        kernel_h(a.kernel_h),
        kernel_w(a.kernel_w),
        w_step(a.weight_stride),
        x_step(a.dilation_x * a.in_stride),
        weights(a.weights + first),
        low(static_cast<int16_t>(a.wide.low)),
        high(static_cast<int16_t>(a.wide.high)) {
    int32_t from[2][kLanes / 2], by[2][kLanes / 2];
    const int sizes = kMostWeight * kernel_h * kernel_w;
    for (int i = 0; i < kLanes; ++i) {
      const int32_t m = upper_multiplier(a.multipliers[o + i], a.shifts[o + i]);
      are_quick &= m != 0 && stays_short(a, o + i, sizes);
      from[i % 2][i / 2] = a.bias[o + i], by[i % 2][i / 2] = m;
    }
    for (int i = 0; i < 2; ++i) {
      bias[i] = load_words(from[i]), multiplier[i] = load_words(by[i]);
    }
  }
};

struct Pair {
  Words even, odd;
};

inline void add_tap(const int16_t* in, const int8_t* w, Pair& sums) {
  const Shorts v = load_shorts(in), factor = load_eight(w);
  sums.even = add(sums.even, even_products(v, factor));
  sums.odd = add(sums.odd, odd_products(v, factor));
}

// The outputs of a column, whose windows have the given taps of a row; tap 0
// of a row lies `at` elements behind its first channel.
template <bool k3>
inline void make_pixel(const Lanes& l, Span taps, int at, int16_t* out) {
  Pair sums = {l.bias[0], l.bias[1]};
  const int x_step = l.x_step, w_step = l.w_step;
  const int8_t* weights = l.weights;
  const int16_t* const* end = l.rows + l.kernel_h;
  for (const int16_t* const* row = l.rows; row != end;
       ++row, weights += (k3 ? 3 : l.kernel_w) * w_step) {
    if (!*row) continue;
    const int16_t* in = *row + at;
    if (k3) {
      add_tap(in, weights, sums);
      add_tap(in + x_step, weights + w_step, sums);
      add_tap(in + 2 * x_step, weights + 2 * w_step, sums);
      continue;
    }
    const int8_t* w = weights + taps.lo * w_step;
    in += taps.lo * x_step;
    for (int n = taps.hi - taps.lo; n > 0; --n, in += x_step, w += w_step) {
      add_tap(in, w, sums);
    }
  }
  const Shorts v = joined(upper_halves(sums.even, l.multiplier[0]),
                          upper_halves(sums.odd, l.multiplier[1]));
  store_shorts(bounded(v, l.low, l.high), out);
}

// Columns [x, end), whose windows lie inside.
template <bool k3>
void make_inside(const WideConvArgs& a, const Lanes& l, int x, int end) {
  int at = (x * a.stride_x - a.pad_left) * a.in_stride + l.o;
  const int step = a.stride_x * a.in_stride, out_step = a.out_stride;
  int16_t* out = a.out + x * out_step + l.o;
  for (; x < end; ++x, at += step, out += out_step) {
    make_pixel<k3>(l, {0, l.kernel_w}, at, out);
  }
}

// Those of which some taps are padding.
void make_border(const WideConvArgs& a, const Lanes& l, int x, int end) {
  for (; x < end; ++x) {
    const int base = x * a.stride_x - a.pad_left;
    const Span taps = valid_taps(base, a.kernel_w, a.dilation_x, a.in_w);
    make_pixel<false>(l, taps, base * a.in_stride + l.o,
                      a.out + x * a.out_stride + l.o);
  }
}

}  // namespace

void mve_wide_depthwise(const WideConvArgs& a) {
  const bool fits = a.wide.long_sums && !a.partial_in && !a.partial_out &&
                    a.multiplier == 1 && a.channels >= kLanes &&
                    a.kernel_h * a.kernel_w <= kWideProducts;
  if (!fits) return portable_wide_depthwise(a);
  const Span inner = columns_inside(a);
  const auto inside = a.kernel_w == 3 ? make_inside<true> : make_inside<false>;
  for (int o = 0; o < a.channels; o += kLanes) {
    // The last ones are made again with those before them.
    const int last = a.channels - kLanes;
    const Lanes l(a, o < last ? o : last);
    if (!l.are_quick) return portable_wide_depthwise(a);
    make_border(a, l, a.x0, inner.lo);
    inside(a, l, inner.lo, inner.hi);
    make_border(a, l, inner.hi, a.x1);
  }
}

}  // namespace shoal
