// Which places of a picture the window of a convolution or pool covers.
// Internal to the oracles.
#pragma once

#include <cstdint>

#include "host/oracle/int8/op_view.h"

namespace shoal::oracle {

// The sizes of an operator on [batch, height, width, channels].
struct Picture {
  int batches, in_h, in_w, in_c, out_h, out_w, out_c;
  explicit Picture(const OpView& op)
      : batches(op.in().shape[0]),
        in_h(op.in().shape[1]),
        in_w(op.in().shape[2]),
        in_c(op.in().shape[3]),
        out_h(op.out().shape[1]),
        out_w(op.out().shape[2]),
        out_c(op.out().shape[3]) {}
  int64_t in(int b, int y, int x) const {
    return ((int64_t{b} * in_h + y) * in_w + x) * in_c;
  }
  int64_t out(int b, int y, int x) const {
    return ((int64_t{b} * out_h + y) * out_w + x) * out_c;
  }
};

// Calls f(b, oy, ox) for every output pixel.
template <class F>
void for_each_pixel(const Picture& p, F f) {
  for (int b = 0; b < p.batches; ++b) {
    for (int oy = 0; oy < p.out_h; ++oy) {
      for (int ox = 0; ox < p.out_w; ++ox) f(b, oy, ox);
    }
  }
}

// Calls f(tap number, iy, ix) for the kernel taps of an output pixel that lie
// inside the picture.
template <class F>
void for_each_tap(const Picture& p, const WindowAttr& a, int oy, int ox, F f) {
  for (int ky = 0; ky < a.kernel_h; ++ky) {
    const int iy = oy * a.stride_h - a.pad_top + ky * a.dilation_h;
    if (iy < 0 || iy >= p.in_h) continue;
    for (int kx = 0; kx < a.kernel_w; ++kx) {
      const int ix = ox * a.stride_w - a.pad_left + kx * a.dilation_w;
      if (ix < 0 || ix >= p.in_w) continue;
      f(ky * a.kernel_w + kx, iy, ix);
    }
  }
}

// TRANSPOSE_CONV: calls f(tap number, input element, output element) of the
// first channels for every place where an input pixel adds to an output pixel.
template <class F>
void for_each_scatter(const Picture& p, const WindowAttr& a, F f) {
  const auto scatter = [&](int b, int iy, int ix, int ky, int kx) {
    const int oy = iy * a.stride_h - a.pad_top + ky;
    const int ox = ix * a.stride_w - a.pad_left + kx;
    if (oy < 0 || oy >= p.out_h || ox < 0 || ox >= p.out_w) return;
    f(ky * a.kernel_w + kx, p.in(b, iy, ix), p.out(b, oy, ox));
  };
  for (int b = 0; b < p.batches; ++b) {
    for (int iy = 0; iy < p.in_h; ++iy) {
      for (int ix = 0; ix < p.in_w; ++ix) {
        for (int ky = 0; ky < a.kernel_h; ++ky) {
          for (int kx = 0; kx < a.kernel_w; ++kx) scatter(b, iy, ix, ky, kx);
        }
      }
    }
  }
}

}  // namespace shoal::oracle
