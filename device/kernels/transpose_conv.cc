// Transposed convolution, gathered: the taps that reach an output pixel, each a
// dot product over the input channels. Every stride_x-th column has the same
// taps, so that two of them share the weights, and what zero_in adds is found
// once for all that lie inside the row.
#include "device/kernels/dot.h"
#include "device/kernels/window.h"

namespace shoal {
namespace {

// The taps of a kernel row that reach an output column: kx, kx + stride_x and
// so on, `count` of them. The first reads input column ix, each other one the
// column before.
struct Taps {
  int kx, ix, count;
  bool same(const Taps& o) const { return kx == o.kx && count == o.count; }
};

Taps taps_of(const ConvArgs& a, int x) {
  const int reach = x + a.pad_left;  // ix * stride_x + kx
  if (reach < 0) return {0, 0, 0};
  Taps t{reach % a.stride_x, reach / a.stride_x, 0};
  const int behind = t.ix - (a.in_w - 1);
  if (behind > 0) t.kx += behind * a.stride_x, t.ix -= behind;
  if (t.kx < a.kernel_w) t.count = (a.kernel_w - 1 - t.kx) / a.stride_x + 1;
  if (t.count > t.ix + 1) t.count = t.ix + 1;
  return t;
}

// (x - zero_in) * f = x * f - zero_in * f
void find_zeros(const ConvArgs& a, int o, int outs, const Taps& taps,
                uint32_t* zeros) {
  for (int i = 0; i < outs; ++i) {
    const int8_t* w = a.weights + (o + i) * a.weight_stride + taps.kx * a.in_c;
    uint32_t sum = 0;
    for (int ky = 0; ky < a.kernel_h; ++ky, w += a.kernel_w * a.in_c) {
      if (!a.rows[ky]) continue;
      for (int t = 0; t < taps.count; ++t) {
        sum += weight_sum(w + t * a.stride_x * a.in_c, a.in_c) -
               bits(a.in_c) * bits(a.zero_weight);
      }
    }
    zeros[i] = bits(-a.zero_in) * sum;
  }
}

void add_taps(const ConvArgs& a, int o, int outs, int pixels, const Taps& taps,
              uint32_t* sums) {
  const int8_t* row_weights =
      a.weights + o * a.weight_stride + taps.kx * a.in_c;
  for (int ky = 0; ky < a.kernel_h; ++ky) {
    const int8_t* w = row_weights + ky * a.kernel_w * a.in_c;
    if (!a.rows[ky]) continue;
    const int8_t* in = a.rows[ky] + taps.ix * a.in_stride;
    for (int t = 0; t < taps.count; ++t, in -= a.in_stride) {
      add_dots(w, a.weight_stride, outs, in, a.in_stride, pixels, a.in_c,
               a.zero_weight, sums);
      w += a.stride_x * a.in_c;
    }
  }
}

// Columns x, x + stride_x and so on.
void make_columns(const ConvArgs& a, int o, int outs, int x) {
  Taps known{-1, 0, 0};
  uint32_t zeros[kGroup] = {};
  while (x < a.x1) {
    const Taps taps = taps_of(a, x);
    if (a.zero_in && !taps.same(known)) find_zeros(a, o, outs, taps, zeros);
    known = taps;
    const int next = x + a.stride_x;
    const int pixels = next < a.x1 && taps_of(a, next).same(taps) ? 2 : 1;
    GroupSums sums;
    for (int j = 0; j < pixels; ++j) {
      const uint32_t* from = first_sums(a, o, x + j * a.stride_x);
      for (int i = 0; i < outs; ++i) {
        sums[j * kGroup + i] = from[i] + zeros[i];
      }
    }
    add_taps(a, o, outs, pixels, taps, sums);
    for (int j = 0; j < pixels; ++j, x += a.stride_x) {
      finish_sums(a, o, outs, x, sums + j * kGroup);
    }
  }
}

}  // namespace

void transpose_conv_row(const ConvArgs& a) {
  for (int o = 0; o < a.channels; o += kGroup) {
    const int left = a.channels - o, outs = left < kGroup ? left : kGroup;
    for (int phase = 0; phase < a.stride_x; ++phase) {
      make_columns(a, o, outs, a.x0 + phase);
    }
  }
}

}  // namespace shoal
