#include "device/kernels/window.h"

namespace shoal {

Span interior_columns(const ConvArgs& a) { return columns_inside(a); }

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
