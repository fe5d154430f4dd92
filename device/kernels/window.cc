#include "device/kernels/window.h"

namespace shoal {

Span interior_columns(const ConvArgs& a) {
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

namespace {

// How sums become int8.
struct Scales {
  const int32_t* multiplier;
  const int8_t* shift;
  int zero, low, high;
};

// kByte: the limits are int8's. Clamped as 0 to 255, for which CPUs have an
// instruction that costs less than comparing.
template <bool kByte>
[[gnu::noinline]] void quantize(const uint32_t* sums, const uint32_t* end,
                                const Scales& s, int8_t* out) {
  const int lift = kByte ? 128 : 0;
  const int32_t* multiplier = s.multiplier;
  const int8_t* shift = s.shift;
  const int nudge = 2 * (s.zero + lift) + 1;
  while (sums != end) {
    const int32_t sum = wrap(*sums++), m = *multiplier++;
    const int right = -2 - *shift++;
    int32_t v;
    if (right >= 0) [[likely]] {
      v = (requantize_doubled(sum, m, right) + nudge) >> 1;
    } else {
      v = wrap_add(requantize(sum, m, -2 - right), s.zero);
      v = clamp(v, -128, 127) + lift;
    }
    v = kByte ? clamp(v, 0, 255) - lift : clamp(v, s.low, s.high);
    *out++ = static_cast<int8_t>(v);
  }
}

}  // namespace

void finish_sums(const ConvArgs& a, int o, int outs, int x,
                 const uint32_t* sums) {
  const uint32_t* end = sums + outs;
  if (a.partial_out) {
    int32_t* to = a.partial_out + x * a.partial_stride + o;
    while (sums != end) *to++ = wrap(*sums++);
    return;
  }
  const Scales s = {a.multipliers + o, a.shifts + o, a.zero_out, a.act_min,
                    a.act_max};
  const bool byte = a.act_min == -128 && a.act_max == 127;
  (byte ? quantize<true> : quantize<false>)(sums, end, s,
                                            a.out + x * a.out_stride + o);
}

}  // namespace shoal
