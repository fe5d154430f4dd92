// Inside the kernels for 16 bits: how sums of a convolution start and end.
#pragma once

#include "device/base/fixed_point.h"
#include "device/kernels/wide.h"

namespace shoal {

// Products whose sum stays within int32.
inline constexpr int kWideProducts = 511;

inline int64_t first_wide_sum(const WideConvArgs& a, int o, int x) {
  if (a.partial_in) return a.partial_in[x * a.partial_stride + o];
  if (!a.wide.long_sums) return a.bias[o];
  return static_cast<int64_t>(a.multipliers[o] >> 16) * (int64_t{1} << 32) +
         bits(a.bias[o]);
}

inline void finish_wide_sum(const WideConvArgs& a, int o, int x, int64_t sum) {
  if (a.partial_out) {
    a.partial_out[x * a.partial_stride + o] = sum;
    return;
  }
  const int32_t multiplier = a.multipliers[o];
  const int32_t v = a.wide.long_sums
                        ? requantize_once(sum, multiplier & 0x7FFF, a.shifts[o])
                        : requantize(wrap(static_cast<uint32_t>(sum)),
                                     multiplier, a.shifts[o]);
  a.out[x * a.out_stride + o] =
      static_cast<int16_t>(clamp(v, a.wide.low, a.wide.high));
}

}  // namespace shoal
