// Transposed convolution, gathered: the taps that reach an output pixel, each a
// dot product over the input channels.
#include "device/kernels/dot.h"
#include "device/kernels/window.h"

namespace shoal {
namespace {

// Taps of one kernel row; `w` is its first weight of the group.
void add_row(const ConvArgs& a, const int8_t* row, const int8_t* w, int outs,
             int x, uint32_t* sums) {
  const int reach = x + a.pad_left;  // ix * stride_x + kx
  if (reach < 0) return;
  for (int kx = reach % a.stride_x; kx < a.kernel_w && kx <= reach;
       kx += a.stride_x) {
    const int ix = (reach - kx) / a.stride_x;
    if (ix >= a.in_w) continue;
    const int8_t* tap = w + kx * a.in_c;
    add_dots(tap, a.weight_stride, outs, row + ix * a.in_stride, 0, 1, a.in_c,
             a.zero_weight, sums);
    // (x - zero_in) * f = x * f - zero_in * f
    for (int i = 0; a.zero_in && i < outs; ++i, tap += a.weight_stride) {
      sums[i] -= bits(a.zero_in) *
                 (weight_sum(tap, a.in_c) - bits(a.in_c) * bits(a.zero_weight));
    }
  }
}

}  // namespace

void transpose_conv_row(const ConvArgs& a) {
  for (int o = 0; o < a.channels; o += kGroup) {
    const int left = a.channels - o, outs = left < kGroup ? left : kGroup;
    for (int x = a.x0; x < a.x1; ++x) {
      uint32_t sums[kGroup];
      const uint32_t* from = first_sums(a, o, x);
      for (int i = 0; i < outs; ++i) sums[i] = from[i];
      const int8_t* w = a.weights + o * a.weight_stride;
      for (int ky = 0; ky < a.kernel_h; ++ky, w += a.kernel_w * a.in_c) {
        if (a.rows[ky]) add_row(a, a.rows[ky], w, outs, x, sums);
      }
      finish_sums(a, o, outs, x, sums);
    }
  }
}

}  // namespace shoal
