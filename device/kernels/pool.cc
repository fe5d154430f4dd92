#include "device/kernels/window.h"

namespace shoal {
namespace {

// The sum or the maximum of channel c over the taps `taps` of the rows, where
// `at` is the first tap's element.
template <bool kMax>
uint32_t fold(const PoolArgs& a, int at, int taps, uint32_t v) {
  for (int ky = 0; ky < a.kernel_h; ++ky) {
    if (!a.rows[ky] || taps == 0) continue;
    const int8_t* in = a.rows[ky] + at;
    for (int t = taps; t > 0; --t, in += a.in_stride) {
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
void pool(const PoolArgs& a) {
  for (int x = a.x0; x < a.x1; ++x) {
    const int column = x * a.stride_x - a.pad_left;
    const Span taps = valid_taps(column, a.kernel_w, 1, a.in_w);
    const int first = (column + taps.lo) * a.in_stride;
    const int columns = taps.hi - taps.lo;
    const int partial = x * a.partial_stride;
    for (int c = 0; c < a.channels; ++c) {
      const int32_t start = a.partial_in ? a.partial_in[partial + c]
                            : kMax       ? -128
                                         : 0;
      const int32_t v = wrap(fold<kMax>(a, first + c, columns, bits(start)));
      if (a.partial_out) {
        a.partial_out[partial + c] = v;
        continue;
      }
      const int32_t y = kMax ? v : mean(v, a.valid_rows * columns);
      a.out[x * a.out_stride + c] =
          static_cast<int8_t>(clamp(y, a.act_min, a.act_max));
    }
  }
}

}  // namespace

void average_pool_row(const PoolArgs& a) { pool<false>(a); }
void max_pool_row(const PoolArgs& a) { pool<true>(a); }

}  // namespace shoal
