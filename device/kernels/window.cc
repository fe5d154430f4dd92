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

template <bool kByte>
void quantize(const ConvArgs& a, int o, const uint32_t* sums,
              const uint32_t* end, int8_t* out) {
  const Quantizer<kByte> to_byte(a);
  const int32_t* multiplier = a.multipliers + o;
  const int8_t* shift = a.shifts + o;
  while (sums != end) {
    const int right = -2 - *shift++;
    *out++ = static_cast<int8_t>(to_byte(*sums++, *multiplier++, right));
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
  int8_t* out = a.out + x * a.out_stride + o;
  if (clamps_to_byte(a)) {
    quantize<true>(a, o, sums, end, out);
  } else {
    quantize<false>(a, o, sums, end, out);
  }
}

}  // namespace shoal
