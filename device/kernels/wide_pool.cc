// Pools and sums of 16-bit elements.
#include "device/kernels/wide.h"
#include "device/kernels/window.h"

namespace shoal {
namespace {

// The sum or the maximum of `places` elements of each row, from element `at`.
template <bool kMax>
uint32_t fold(const int16_t* const* rows, int count, int at, int places,
              int step, uint32_t v) {
  for (int r = 0; r < count; ++r) {
    if (!rows[r] || places == 0) continue;
    const int16_t* in = rows[r] + at;
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

// Halves away from zero.
int32_t mean(int32_t sum, int count) {
  if (count == 0) return 0;
  const int32_t half = count / 2;
  return wrap_add(sum, sum < 0 ? -half : half) / count;
}

template <bool kMax>
void pool(const WidePoolArgs& a) {
  for (int x = a.x0; x < a.x1; ++x) {
    const int column = x * a.stride_x - a.pad_left;
    const Span taps = valid_taps(column, a.kernel_w, 1, a.in_w);
    const int first = (column + taps.lo) * a.in_stride;
    const int columns = taps.hi - taps.lo;
    const int partial = x * a.partial_stride;
    for (int c = 0; c < a.channels; ++c) {
      const int32_t start = a.partial_in ? a.partial_in[partial + c]
                            : kMax       ? -32768
                                         : 0;
      const int32_t v = wrap(fold<kMax>(a.rows, a.kernel_h, first + c, columns,
                                        a.in_stride, bits(start)));
      if (a.partial_out) {
        a.partial_out[partial + c] = v;
        continue;
      }
      const int32_t y = kMax ? v : mean(v, a.valid_rows * columns);
      a.out[x * a.out_stride + c] =
          static_cast<int16_t>(clamp(y, a.low, a.high));
    }
  }
}

}  // namespace

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
