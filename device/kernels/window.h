// Inside the portable kernels: which taps of an output column lie in the row,
// and how an accumulator starts and ends.
#pragma once

#include "device/base/fixed_point.h"
#include "device/kernels/kernels.h"

namespace shoal {

// A half-open range of columns or kernel columns.
struct Span {
  int lo, hi;
};

// Kernel columns whose input column base + kx * dilation lies in [0, in_w).
inline Span valid_taps(int base, int kernel_w, int dilation, int in_w) {
  int lo = 0, hi = 0;
  if (base < 0) lo = (-base + dilation - 1) / dilation;
  if (base < in_w) hi = (in_w - 1 - base) / dilation + 1;
  if (hi > kernel_w) hi = kernel_w;
  if (lo > hi) lo = hi;
  return {lo, hi};
}
inline Span valid_taps(const ConvArgs& a, int x) {
  return valid_taps(x * a.stride_x - a.pad_left, a.kernel_w, a.dilation_x,
                    a.in_w);
}

// Output columns of [x0, x1) that read no padding column.
inline Span interior_columns(const ConvArgs& a) {
  const int last = a.in_w - 1 - (a.kernel_w - 1) * a.dilation_x + a.pad_left;
  Span s;
  s.lo = a.pad_left > 0 ? (a.pad_left + a.stride_x - 1) / a.stride_x : 0;
  s.hi = last < 0 ? 0 : last / a.stride_x + 1;
  if (s.lo < a.x0) s.lo = a.x0;
  if (s.hi > a.x1) s.hi = a.x1;
  if (s.lo > s.hi) s.lo = s.hi = a.x0;
  return s;
}

inline bool has_null_rows(const ConvArgs& a) {
  for (int ky = 0; ky < a.kernel_h; ++ky) {
    if (!a.rows[ky]) return true;
  }
  return false;
}

inline uint32_t accumulator_start(const ConvArgs& a, int o, int x) {
  return bits(a.partial_in ? a.partial_in[x * a.partial_stride + o]
                           : a.bias[o]);
}

inline void accumulator_end(const ConvArgs& a, int o, int x, uint32_t sum) {
  if (a.partial_out) {
    a.partial_out[x * a.partial_stride + o] = wrap(sum);
    return;
  }
  const int32_t v = wrap_add(
      requantize(wrap(sum), a.multipliers[o], a.shifts[o]), a.zero_out);
  a.out[x * a.out_stride + o] =
      static_cast<int8_t>(clamp(v, a.act_min, a.act_max));
}

}  // namespace shoal
