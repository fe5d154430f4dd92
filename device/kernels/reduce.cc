#include "device/base/fixed_point.h"
#include "device/kernels/kernels.h"

namespace shoal {
namespace {

// The sum or the maximum over the rows and `places` elements of each, `step`
// elements apart, from element `at` on.
template <bool kMax>
uint32_t fold(const ReduceArgs& a, int at, int places, int step, uint32_t v) {
  for (int r = 0; r < a.row_count; ++r) {
    if (!a.rows[r]) continue;
    const int8_t* in = a.rows[r] + at;
    for (int t = places; t > 0; --t, in += step) {
      if (!kMax) {
        v += bits(*in);
      } else if (*in > wrap(v)) {
        v = bits(*in);
      }
    }
  }
  return v;
}

int32_t scaled(const ReduceArgs& a, int32_t sum) {
  const int32_t v = wrap_sub(sum, wrap_mul(a.elements, a.zero_in));
  return wrap_add(requantize(v, a.multiplier, a.shift), a.zero_out);
}

template <bool kMax>
void reduce(const ReduceArgs& a) {
  const int out_w = a.over_x ? 1 : a.in_w, columns = a.over_x ? a.in_w : 1;
  const int out_c = a.over_c ? 1 : a.channels;
  // A pixel's channels are places, too.
  const int pixels = a.over_c ? columns : 1;
  const int places = a.over_c ? a.channels : columns;
  const int step = a.over_c ? 1 : a.in_stride;
  for (int x = 0; x < out_w; ++x) {
    for (int c = 0; c < out_c; ++c) {
      const int partial = x * a.partial_stride + c;
      const int32_t start = a.partial_in ? a.partial_in[partial]
                            : kMax       ? -128
                                         : 0;
      uint32_t sum = bits(start);
      for (int p = 0; p < pixels; ++p) {
        sum = fold<kMax>(a, (x + p) * a.in_stride + c, places, step, sum);
      }
      const int32_t v = wrap(sum);
      if (a.partial_out) {
        a.partial_out[partial] = v;
        continue;
      }
      const int32_t y = kMax ? v : scaled(a, v);
      a.out[x * a.out_stride + c] =
          static_cast<int8_t>(clamp(y, a.act_min, a.act_max));
    }
  }
}

}  // namespace

void reduce_sum_row(const ReduceArgs& a) { reduce<false>(a); }
void reduce_max_row(const ReduceArgs& a) { reduce<true>(a); }

}  // namespace shoal
