// Convolution in blocks of kOut output channels by kPixels columns whose
// accumulators stay in registers. Output channels are the outer loop: each
// weight is fetched once a row from flash while the input lies in SRAM.
// Padding is rare, so it is not a tap like others: what it adds is zero_in
// times a sum of weights, once a channel for padding rows, once a pixel for
// padding columns.
#include "device/kernels/portable.h"
#include "device/kernels/window.h"

namespace shoal {
namespace {

// How the input of one kernel row splits into contiguous runs.
struct Runs {
  int count, length, step;
};

inline Runs runs_of(const ConvArgs& a, Span taps) {
  const int n = taps.hi - taps.lo;
  if (a.dilation_x == 1 && a.in_stride == a.in_c) return {1, n * a.in_c, 0};
  return {n, a.in_c, a.dilation_x * a.in_stride};
}

uint32_t weight_sum(const int8_t* w, int count) {
  uint32_t sum = 0;
  for (int i = 0; i < count; ++i) sum += bits(w[i]);
  return sum;
}

// What `count` weights that meet padding add.
inline uint32_t padding(const ConvArgs& a, const int8_t* w, int count) {
  return bits(a.zero_in) *
         (weight_sum(w, count) - bits(count) * bits(a.zero_weight));
}

uint32_t padding_rows(const ConvArgs& a, int o) {
  const int row = a.kernel_w * a.in_c;
  const int8_t* w = a.weights + o * a.weight_stride;
  uint32_t sum = 0;
  for (int ky = 0; ky < a.kernel_h; ++ky, w += row) {
    if (!a.rows[ky]) sum += padding(a, w, row);
  }
  return sum;
}

uint32_t padding_columns(const ConvArgs& a, int o, Span taps) {
  const int8_t* w = a.weights + o * a.weight_stride;
  uint32_t sum = 0;
  for (int ky = 0; ky < a.kernel_h; ++ky, w += a.kernel_w * a.in_c) {
    if (!a.rows[ky]) continue;
    sum += padding(a, w, taps.lo * a.in_c);
    sum += padding(a, w + taps.hi * a.in_c, (a.kernel_w - taps.hi) * a.in_c);
  }
  return sum;
}

// acc[i][j] += sum over n of (w[i][n] - zero_weight) * x[j][n]; all pointers
// advance.
template <int kOut, int kPixels, bool kZero>
inline void dot(const int8_t* (&w)[kOut], const int8_t* (&x)[kPixels], int n,
                int zero_weight, uint32_t (&acc)[kOut][kPixels]) {
  for (const int8_t* end = x[0] + n; x[0] != end;) {
    int v[kPixels];
    for (int j = 0; j < kPixels; ++j) v[j] = *x[j]++;
    for (int i = 0; i < kOut; ++i) {
      int f = *w[i]++;
      if (kZero) f -= zero_weight;
      for (int j = 0; j < kPixels; ++j) acc[i][j] += bits(f * v[j]);
    }
  }
}

template <int kOut, int kPixels, bool kZero>
void window(const ConvArgs& a, int o, int x, Span taps,
            uint32_t (&acc)[kOut][kPixels]) {
  const Runs runs = runs_of(a, taps);
  const int row_weights = a.kernel_w * a.in_c;
  const int first =
      (x * a.stride_x - a.pad_left + taps.lo * a.dilation_x) * a.in_stride;
  const int8_t* w0 = a.weights + o * a.weight_stride + taps.lo * a.in_c;
  for (int ky = 0; ky < a.kernel_h; ++ky, w0 += row_weights) {
    if (!a.rows[ky]) continue;
    const int8_t* w[kOut];
    for (int i = 0; i < kOut; ++i) w[i] = w0 + i * a.weight_stride;
    const int8_t* x0 = a.rows[ky] + first;
    for (int r = 0; r < runs.count; ++r, x0 += runs.step) {
      const int8_t* p[kPixels];
      for (int j = 0; j < kPixels; ++j) {
        p[j] = x0 + j * a.stride_x * a.in_stride;
      }
      dot<kOut, kPixels, kZero>(w, p, runs.length, a.zero_weight, acc);
    }
  }
}

// Output channels [o0, o1) of columns [x0, x1); both ranges are multiples of
// the block.
template <int kOut, int kPixels, bool kZero>
void blocks(const ConvArgs& a, int o0, int o1, int x0, int x1, bool null_rows) {
  for (int o = o0; o < o1; o += kOut) {
    uint32_t rows[kOut] = {};
    for (int i = 0; null_rows && i < kOut; ++i) {
      rows[i] = padding_rows(a, o + i);
    }
    for (int x = x0; x < x1; x += kPixels) {
      Span taps{0, a.kernel_w};
      if (kPixels == 1) taps = valid_taps(a, x);
      const bool border = taps.hi - taps.lo != a.kernel_w;
      uint32_t acc[kOut][kPixels];
      for (int i = 0; i < kOut; ++i) {
        for (int j = 0; j < kPixels; ++j) {
          acc[i][j] = accumulator_start(a, o + i, x + j) + rows[i];
          if (border) acc[i][j] += padding_columns(a, o + i, taps);
        }
      }
      window<kOut, kPixels, kZero>(a, o, x, taps, acc);
      for (int i = 0; i < kOut; ++i) {
        for (int j = 0; j < kPixels; ++j) {
          accumulator_end(a, o + i, x + j, acc[i][j]);
        }
      }
    }
  }
}

template <bool kZero>
void conv(const ConvArgs& a) {
  const bool nulls = has_null_rows(a);
  const Span inner = interior_columns(a);
  const int pairs = inner.lo + (inner.hi - inner.lo) / 2 * 2;
  const int four = a.channels / 4 * 4, two = a.channels / 2 * 2;
  const Span single[2] = {{a.x0, inner.lo}, {pairs, a.x1}};
  for (const Span& s : single) {
    blocks<4, 1, kZero>(a, 0, four, s.lo, s.hi, nulls);
    blocks<1, 1, kZero>(a, four, a.channels, s.lo, s.hi, nulls);
  }
  blocks<2, 2, kZero>(a, 0, two, inner.lo, pairs, nulls);
  blocks<1, 1, kZero>(a, two, a.channels, inner.lo, pairs, nulls);
}

}  // namespace

void portable_conv(const ConvArgs& a) {
  if (a.zero_weight) {
    conv<true>(a);
  } else {
    conv<false>(a);
  }
}

}  // namespace shoal
