// Convolution, a group of output channels after the other: within a row, the
// weights of a group stay in a cache in front of the flash. Padding is rare,
// so it is no tap like others: what it adds is zero_in times a sum of weights,
// found once a channel for padding rows and once a pixel for padding columns.
#include "device/kernels/dot.h"
#include "device/kernels/portable.h"
#include "device/kernels/window.h"

namespace shoal {
namespace {

// Returns the sum that `count` weights add when they meet padding.
uint32_t padding(const ConvArgs& a, const int8_t* w, int count) {
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
  const int left = taps.lo * a.in_c, inside = taps.hi * a.in_c;
  const int row = a.kernel_w * a.in_c;
  uint32_t sum = 0;
  for (int ky = 0; ky < a.kernel_h; ++ky, w += row) {
    if (!a.rows[ky]) continue;
    sum += padding(a, w, left) + padding(a, w + inside, row - inside);
  }
  return sum;
}

// The taps inside the rows: contiguous runs of input, a kernel row each if the
// input's pixels have no gaps, else a tap each.
void add_window(const ConvArgs& a, int o, int outs, int x, int pixels,
                Span taps, uint32_t* sums) {
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
    const int8_t* in = a.rows[ky] + column * a.in_stride;
    const int8_t* w = weights;
    for (int r = 0; r < runs; ++r, in += run_step, w += length) {
      add_dots(w, a.weight_stride, outs, in, a.stride_x * a.in_stride, pixels,
               length, a.zero_weight, sums);
    }
  }
}

// Output channels [o, o + outs) of all columns.
void conv_group(const ConvArgs& a, int o, int outs, Span inner) {
  uint32_t rows[kGroup];
  for (int i = 0; i < outs; ++i) rows[i] = padding_rows(a, o + i);
  for (int x = a.x0; x < a.x1;) {
    int pixels = x < inner.lo ? 1 : inner.hi - x;
    pixels = pixels > kPixels ? kPixels : pixels < 1 ? 1 : pixels;
    const Span taps = valid_taps(a, x);
    const bool border = taps.hi - taps.lo != a.kernel_w;
    GroupSums sums;
    for (int j = 0; j < pixels; ++j) {
      uint32_t* s = sums + j * kGroup;
      const uint32_t* from = first_sums(a, o, x + j);
      for (int i = 0; i < outs; ++i) s[i] = from[i] + rows[i];
      for (int i = 0; border && i < outs; ++i) {
        s[i] += padding_columns(a, o + i, taps);
      }
    }
    add_window(a, o, outs, x, pixels, taps, sums);
    for (int j = 0; j < pixels; ++j, ++x) {
      finish_sums(a, o, outs, x, sums + j * kGroup);
    }
  }
}

}  // namespace

void portable_conv(const ConvArgs& a) {
  const Span inner = interior_columns(a);
  for (int o = 0; o < a.channels; o += kGroup) {
    const int left = a.channels - o;
    conv_group(a, o, left < kGroup ? left : kGroup, inner);
  }
}

}  // namespace shoal
