// Inside the kernels for 16 bits: how sums of a convolution start and end, and
// the entries of the family whose kernels they are.
#pragma once

#include "device/base/fixed_point.h"
#include "device/kernels/upper_half.h"
#include "device/kernels/wide.h"

namespace shoal {

void portable_wide_conv(const WideConvArgs&);
void portable_wide_depthwise(const WideConvArgs&);

// Products whose sum stays within int32.
inline constexpr int kWideProducts = 511;

inline int64_t first_wide_sum(const WideConvArgs& a, int o, int x) {
  if (a.partial_in) return a.partial_in[x * a.partial_stride + o];
  if (!a.wide.long_sums) return a.bias[o];
  return static_cast<int64_t>(a.multipliers[o] >> 16) * (int64_t{1} << 32) +
         bits(a.bias[o]);
}

// Returns whether the sum of a channel's bias and of products with weights
// whose sizes add up to `sizes` (at most 2^16 - 1) stays within int32.
inline bool stays_short(const WideConvArgs& a, int o, int sizes) {
  const int32_t most = kInt32Max - (sizes << 15);
  return a.multipliers[o] >> 16 == a.bias[o] >> 31 && a.bias[o] >= -most &&
         a.bias[o] <= most;
}
inline constexpr int kMostWeight = 128;
static_assert(kWideProducts * kMostWeight < 1 << 16);

// requantize_once() of sums within int32 is the upper half of their product
// with a multiplier of 32 bits, rounded, if the shift allows for it. Returns
// that multiplier; 0: the shift does not.
inline int32_t upper_multiplier(int32_t multiplier, int shift) {
  const int right = 15 - shift;
  if (right < 16 || right > 32) return 0;
  return (multiplier & 0x7FFF) << (32 - right);
}

// requantize_once(), by one product of 32 bits where the sum has no more.
inline int32_t requantize_wide(int64_t sum, int32_t multiplier, int shift) {
  const int32_t upper = upper_multiplier(multiplier, shift);
  const auto s = static_cast<int32_t>(sum);
  return upper == 0 || s != sum
             ? requantize_once(sum, multiplier & 0x7FFF, shift)
             : rounded_upper_half(s, upper);
}

[[gnu::noinline]] inline void finish_wide_sum(const WideConvArgs& a, int o,
                                              int x, int64_t sum) {
  if (a.partial_out) {
    a.partial_out[x * a.partial_stride + o] = sum;
    return;
  }
  const int32_t v = a.wide.long_sums
                        ? requantize_wide(sum, a.multipliers[o], a.shifts[o])
                        : requantize(wrap(static_cast<uint32_t>(sum)),
                                     a.multipliers[o], a.shifts[o]);
  a.out[x * a.out_stride + o] =
      static_cast<int16_t>(clamp(v, a.wide.low, a.wide.high));
}

}  // namespace shoal
