// Inside the portable kernels: which taps of an output column lie in the row,
// and how accumulators start and end.
#pragma once

#include "device/base/fixed_point.h"
#include "device/kernels/kernels.h"
#include "device/kernels/thumb1.h"

namespace shoal {

// A half-open range of columns, kernel columns or channels.
struct Span {
  int lo, hi;
};

// Kernel columns whose input column base + kx * dilation lies in [0, in_w).
inline Span valid_taps(int base, int kernel_w, int dilation, int in_w) {
  if (base >= 0 && base + (kernel_w - 1) * dilation < in_w) {
    return {0, kernel_w};
  }
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
template <class Args>
Span columns_inside(const Args& a) {
  const int last = a.in_w - 1 - (a.kernel_w - 1) * a.dilation_x + a.pad_left;
  int lo = a.x0, hi = last < 0 ? 0 : last / a.stride_x + 1;
  if (a.pad_left > 0) {
    const int first = (a.pad_left + a.stride_x - 1) / a.stride_x;
    if (lo < first) lo = first;
  }
  if (hi > a.x1) hi = a.x1;
  if (lo < hi) return {lo, hi};
  return {a.x0, a.x0};
}
Span interior_columns(const ConvArgs&);  // the same, once in a program

// The start of the accumulators of channels from o of column x: the bias or the
// partial sums.
inline const uint32_t* first_sums(const ConvArgs& a, int o, int x) {
  const int32_t* from =
      a.partial_in ? a.partial_in + x * a.partial_stride : a.bias;
  return reinterpret_cast<const uint32_t*>(from + o);
}

// Sums to int8. kByte: the limits are int8's; then it clamps to 0 to 255, for
// which CPUs have an instruction that costs less than comparing.
template <bool kByte>
class Quantizer {
 public:
  explicit Quantizer(const ConvArgs& a)
      : zero_(a.zero_out),
        nudge_(2 * (a.zero_out + kLift) + 1),
        low_(a.act_min),
        high_(a.act_max) {}

  // right = -2 - shift. The result fits int8.
  int operator()(uint32_t sum, int32_t multiplier, int right) const {
    if (__builtin_expect(right < 0, false)) {
      const int32_t v = requantize(wrap(sum), multiplier, -2 - right);
      return clamp(wrap_add(v, zero_), low_, high_);
    }
#if defined(SHOAL_NO_LONG_PRODUCTS)
    const int32_t doubled =
        requantize_doubled_by_halves(wrap(sum), multiplier, right);
#else
    const int32_t doubled = requantize_doubled(wrap(sum), multiplier, right);
#endif
    const int32_t v = (doubled + nudge_) >> 1;
    return kByte ? clamp(v, 0, 255) - kLift : clamp(v, low_, high_);
  }

 private:
  static constexpr int kLift = kByte ? 128 : 0;
  int zero_, nudge_, low_, high_;
};

inline bool clamps_to_byte(const ConvArgs& a) {
  return a.act_min == -128 && a.act_max == 127;
}

// Accumulators of `outs` channels from o of column x become int8, or partial
// sums.
void finish_sums(const ConvArgs&, int o, int outs, int x, const uint32_t* sums);

}  // namespace shoal
