// One element in, one element out: tables, and int32 sums to int8; an element
// of a product.
#include "device/base/fixed_point.h"
#include "device/kernels/kernels.h"

namespace shoal {

void lut_row(const LutArgs& a) {
  const int8_t* table = a.table + 128;
  for (int x = a.x0; x < a.x1; ++x) {
    const int8_t* in = a.in + x * a.in_stride;
    int8_t* out = a.out + x * a.out_stride;
    for (const int8_t* end = in + a.channels; in != end;) {
      *out++ = table[*in++];
    }
  }
}

void requantize_row(const RequantizeArgs& a) {
  for (int x = a.x0; x < a.x1; ++x) {
    const int32_t* in = a.in + x * a.in_stride;
    int8_t* out = a.out + x * a.out_stride;
    for (int c = 0; c < a.channels; ++c) {
      const int32_t v =
          requantize(wrap_add(in[c], a.bias[c]), a.multipliers[c], a.shifts[c]);
      out[c] = static_cast<int8_t>(
          clamp(wrap_add(v, a.zero_out), a.act_min, a.act_max));
    }
  }
}

}  // namespace shoal
