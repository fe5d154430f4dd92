// Convolution and transposed convolution of 16-bit elements. Blocks of output
// channels and pixels share loads as those of dot.cc do.
#include "device/kernels/wide_sums.h"
#include "device/kernels/window.h"

namespace shoal {
namespace {

// Sums of a group of output channels, for two pixels: those of 32 bits are
// added to those of 64 before they could wrap.
constexpr int kGroup = 16;
struct Sums {
  int32_t low[2 * kGroup];
  int64_t all[2 * kGroup];
  int outs, pixels;
  int held = 0;  // products in each of `low`

  void clear() {
    for (int j = 0; j < pixels; ++j) {
      for (int i = 0; i < outs; ++i) low[j * kGroup + i] = 0;
    }
    held = 0;
  }
  void flush() {
    for (int j = 0; j < pixels; ++j) {
      for (int i = 0; i < outs; ++i) all[j * kGroup + i] += low[j * kGroup + i];
    }
    clear();
  }
};

void dot_2x2(const int8_t* w, int w_step, const int16_t* x, int x_step, int n,
             int32_t* sums) {
  const int8_t* w1 = w + w_step;
  const int16_t* x1 = x + x_step;
  int32_t s00 = sums[0], s10 = sums[1];
  int32_t s01 = sums[kGroup], s11 = sums[kGroup + 1];
#pragma GCC unroll 4
  for (const int16_t* end = x + n; x != end;) {
    const int a = *w++, b = *w1++;
    const int u = *x++, v = *x1++;
    s00 += a * u;
    s01 += a * v;
    s10 += b * u;
    s11 += b * v;
  }
  sums[0] = s00, sums[1] = s10, sums[kGroup] = s01, sums[kGroup + 1] = s11;
}

void dot_4x1(const int8_t* w, int w_step, const int16_t* x, int, int n,
             int32_t* sums) {
  const int8_t *w1 = w + w_step, *w2 = w1 + w_step, *w3 = w2 + w_step;
  int32_t s0 = sums[0], s1 = sums[1], s2 = sums[2], s3 = sums[3];
#pragma GCC unroll 4
  for (const int16_t* end = x + n; x != end;) {
    const int u = *x++;
    s0 += *w++ * u;
    s1 += *w1++ * u;
    s2 += *w2++ * u;
    s3 += *w3++ * u;
  }
  sums[0] = s0, sums[1] = s1, sums[2] = s2, sums[3] = s3;
}

int32_t dot_1x1(const int8_t* w, const int16_t* x, int n) {
  int32_t s = 0;
#pragma GCC unroll 4
  for (const int16_t* end = x + n; x != end;) s += *w++ * *x++;
  return s;
}

// At most kWideProducts products.
void add_block(const int8_t* w, int w_step, const int16_t* x, int x_step, int n,
               Sums& s) {
  const int block = s.pixels == 2 ? 2 : 4;
  auto* const dot = s.pixels == 2 ? dot_2x2 : dot_4x1;
  int i = 0;
  for (; i + block <= s.outs; i += block, w += block * w_step) {
    dot(w, w_step, x, x_step, n, s.low + i);
  }
  for (; i < s.outs; ++i, w += w_step) {
    for (int j = 0; j < s.pixels; ++j) {
      s.low[j * kGroup + i] += dot_1x1(w, x + j * x_step, n);
    }
  }
}

// A run of the window: n elements side by side in input and weights.
void add_run(const int8_t* w, int w_step, const int16_t* x, int x_step, int n,
             Sums& s) {
  while (n > 0) {
    if (s.held == kWideProducts) s.flush();
    const int room = kWideProducts - s.held, now = n < room ? n : room;
    add_block(w, w_step, x, x_step, now, s);
    s.held += now;
    w += now, x += now, n -= now;
  }
}

Span taps_inside(const WideConvArgs& a, int x) {
  return valid_taps(x * a.stride_x - a.pad_left, a.kernel_w, a.dilation_x,
                    a.in_w);
}

void begin(const WideConvArgs& a, int o, int x, int step, Sums& s) {
  s.clear();
  for (int j = 0; j < s.pixels; ++j) {
    for (int i = 0; i < s.outs; ++i) {
      s.all[j * kGroup + i] = first_wide_sum(a, o + i, x + j * step);
    }
  }
}

void finish(const WideConvArgs& a, int o, int x, int step, Sums& s) {
  for (int j = 0; j < s.pixels; ++j) {
    for (int i = 0; i < s.outs; ++i) {
      const int at = j * kGroup + i;
      finish_wide_sum(a, o + i, x + j * step, s.all[at] + s.low[at]);
    }
  }
}

void add_window(const WideConvArgs& a, int o, int x, Span taps, Sums& s) {
  int runs = taps.hi - taps.lo, length = a.in_c;
  if (runs == 0) return;
  const int run_step = a.dilation_x * a.in_stride;
  if (run_step == length) {
    length *= runs;
    runs = 1;
  }
  const int column = x * a.stride_x - a.pad_left + taps.lo * a.dilation_x;
  const int8_t* weights = a.weights + o * a.weight_stride + taps.lo * a.in_c;
  for (int ky = 0; ky < a.kernel_h; ++ky, weights += a.kernel_w * a.in_c) {
    if (!a.rows[ky]) continue;
    const int16_t* in = a.rows[ky] + column * a.in_stride;
    const int8_t* w = weights;
    for (int r = 0; r < runs; ++r, in += run_step, w += length) {
      add_run(w, a.weight_stride, in, a.stride_x * a.in_stride, length, s);
    }
  }
}

// The taps of a kernel row that reach an output column of a transposed
// convolution: kx, kx + stride_x and so on. The first reads input column ix,
// each other one the column before.
struct Taps {
  int kx, ix, count;
  bool same(const Taps& o) const { return kx == o.kx && count == o.count; }
};

Taps taps_of(const WideConvArgs& a, int x) {
  const int reach = x + a.pad_left;
  if (reach < 0) return {0, 0, 0};
  Taps t{reach % a.stride_x, reach / a.stride_x, 0};
  const int behind = t.ix - (a.in_w - 1);
  if (behind > 0) t.kx += behind * a.stride_x, t.ix -= behind;
  if (t.kx < a.kernel_w) t.count = (a.kernel_w - 1 - t.kx) / a.stride_x + 1;
  if (t.count > t.ix + 1) t.count = t.ix + 1;
  return t;
}

void add_taps(const WideConvArgs& a, int o, const Taps& taps, Sums& s) {
  const int8_t* row_weights =
      a.weights + o * a.weight_stride + taps.kx * a.in_c;
  for (int ky = 0; ky < a.kernel_h; ++ky) {
    if (!a.rows[ky]) continue;
    const int8_t* w = row_weights + ky * a.kernel_w * a.in_c;
    const int16_t* in = a.rows[ky] + taps.ix * a.in_stride;
    for (int t = 0; t < taps.count; ++t, in -= a.in_stride) {
      add_run(w, a.weight_stride, in, a.in_stride, a.in_c, s);
      w += a.stride_x * a.in_c;
    }
  }
}

int group_at(const WideConvArgs& a, int o) {
  return a.channels - o < kGroup ? a.channels - o : kGroup;
}

}  // namespace

void portable_wide_conv(const WideConvArgs& a) {
  for (int o = 0; o < a.channels; o += kGroup) {
    Sums s;
    s.outs = group_at(a, o);
    for (int x = a.x0; x < a.x1; x += s.pixels) {
      const Span taps = taps_inside(a, x);
      s.pixels = 1;
      if (x + 1 < a.x1 && taps.hi - taps.lo == a.kernel_w) {
        const Span next = taps_inside(a, x + 1);
        if (next.hi - next.lo == a.kernel_w) s.pixels = 2;
      }
      begin(a, o, x, 1, s);
      add_window(a, o, x, taps, s);
      finish(a, o, x, 1, s);
    }
  }
}

// Every stride_x-th column has the same taps, so that two share the weights.
void wide_transpose_conv_row(const WideConvArgs& a) {
  for (int o = 0; o < a.channels; o += kGroup) {
    Sums s;
    s.outs = group_at(a, o);
    for (int phase = 0; phase < a.stride_x; ++phase) {
      for (int x = a.x0 + phase; x < a.x1; x += s.pixels * a.stride_x) {
        const Taps taps = taps_of(a, x);
        const int next = x + a.stride_x;
        s.pixels = next < a.x1 && taps_of(a, next).same(taps) ? 2 : 1;
        begin(a, o, x, a.stride_x, s);
        add_taps(a, o, taps, s);
        finish(a, o, x, a.stride_x, s);
      }
    }
  }
}

}  // namespace shoal
