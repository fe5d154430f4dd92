// Pools and sums of 16-bit elements.
#include "device/kernels/pool.h"
#include "device/kernels/wide.h"

namespace shoal {
void wide_average_pool_row(const WidePoolArgs& a) { pool<false>(a); }
void wide_max_pool_row(const WidePoolArgs& a) { pool<true>(a); }

void wide_reduce_sum_row(const WideReduceArgs& a) {
  const int out_w = a.over_x ? 1 : a.in_w, columns = a.over_x ? a.in_w : 1;
  const int out_c = a.over_c ? 1 : a.channels;
  // A pixel's channels are places, too.
  const int pixels = a.over_c ? columns : 1;
  const int places = a.over_c ? a.channels : columns;
  const int step = a.over_c ? 1 : a.in_stride;
  for (int x = 0; x < out_w; ++x) {
    for (int c = 0; c < out_c; ++c) {
      const int partial = x * a.partial_stride + c;
      uint32_t sum = bits(a.partial_in ? a.partial_in[partial] : 0);
      for (int p = 0; p < pixels; ++p) {
        sum = fold<false>(a.rows, a.row_count, (x + p) * a.in_stride + c,
                          places, step, sum);
      }
      if (a.partial_out) {
        a.partial_out[partial] = wrap(sum);
        continue;
      }
      const int32_t v = requantize(wrap(sum), a.multiplier, a.shift);
      a.out[x * a.out_stride + c] =
          static_cast<int16_t>(clamp(v, a.low, a.high));
    }
  }
}

}  // namespace shoal
