// Inside the kernels of pools and sums, for elements of 8 and of 16 bits.
#pragma once

#include "device/kernels/window.h"

namespace shoal {

// The sum or the maximum of `places` elements of each row, from element `at`.
template <bool kMax, class Element>
inline uint32_t fold(const Element* const* rows, int count, int at, int places,
                     int step, uint32_t v) {
  for (int r = 0; r < count; ++r) {
    if (!rows[r] || places == 0) continue;
    const Element* in = rows[r] + at;
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
inline int32_t mean(int32_t sum, int count) {
  if (count == 0) return 0;
  const int32_t half = count / 2;
  return wrap_add(sum, sum < 0 ? -half : half) / count;
}

template <bool kMax, class Element>
void pool(const PoolArgsOf<Element>& a) {
  constexpr int32_t kLeast = sizeof(Element) == 1 ? -128 : -32768;
  for (int x = a.x0; x < a.x1; ++x) {
    const int column = x * a.stride_x - a.pad_left;
    const Span taps = valid_taps(column, a.kernel_w, 1, a.in_w);
    const int first = (column + taps.lo) * a.in_stride;
    const int columns = taps.hi - taps.lo;
    const int partial = x * a.partial_stride;
    for (int c = 0; c < a.channels; ++c) {
      const int32_t start = a.partial_in ? a.partial_in[partial + c]
                            : kMax       ? kLeast
                                         : 0;
      const int32_t v = wrap(fold<kMax>(a.rows, a.kernel_h, first + c, columns,
                                        a.in_stride, bits(start)));
      if (a.partial_out) {
        a.partial_out[partial + c] = v;
        continue;
      }
      const int32_t y = kMax ? v : mean(v, a.valid_rows * columns);
      a.out[x * a.out_stride + c] =
          static_cast<Element>(clamp(y, a.act_min, a.act_max));
    }
  }
}

}  // namespace shoal
