// Inside the AVX2 kernels: the input of one output pixel as consecutive int16,
// in the order of the weights (kernel row, kernel column, channel), padding as
// zero_in. Reads only the bytes of the elements it takes.
#pragma once

#include "device/kernels/x86_avx2_common.h"

#if defined(SHOAL_HAS_AVX2_KERNELS)

namespace shoal::avx2 {

// An element of the window.
struct Tap {
  int ky, kx, c;
};

inline Tap tap_at(const ConvArgs& a, int element) {
  const int column = element / a.in_c;
  return {column / a.kernel_w, column % a.kernel_w, element % a.in_c};
}

SHOAL_AVX2_INLINE void widen16(int16_t* to, const int8_t* from) {
  store8(to, _mm256_cvtepi8_epi16(load_bytes16(from)));
}
SHOAL_AVX2_INLINE void widen8(int16_t* to, const int8_t* from) {
  _mm_storeu_si128(reinterpret_cast<__m128i*>(to),
                   _mm_cvtepi8_epi16(load_bytes8(from)));
}

// The last vector overlaps the one before.
SHOAL_AVX2_INLINE void widen(int16_t* to, const int8_t* from, int n) {
  if (n >= 16) {
    for (int i = 0; i + 16 < n; i += 16) widen16(to + i, from + i);
    widen16(to + n - 16, from + n - 16);
  } else if (n >= 8) {
    widen8(to, from);
    widen8(to + n - 8, from + n - 8);
  } else {
    for (int i = 0; i < n; ++i) to[i] = from[i];
  }
}

SHOAL_AVX2_INLINE void fill(int16_t* to, int value, int n) {
  for (int i = 0; i < n; ++i) to[i] = static_cast<int16_t>(value);
}

// Elements [0, n) from offset `at` of a row of `size` elements; outside it is
// padding.
SHOAL_AVX2_INLINE void gather_run(const int8_t* row, int at, int size, int n,
                                  int zero_in, int16_t* to) {
  if (at >= 0 && at + n <= size) return widen(to, row + at, n);
  int lo = at < 0 ? -at : 0;
  if (lo > n) lo = n;
  int hi = size - at;
  if (hi > n) hi = n;
  if (hi < lo) hi = lo;
  fill(to, zero_in, lo);
  widen(to + lo, row + at + lo, hi - lo);
  fill(to + hi, zero_in, n - hi);
}

// The same from channel c of column `column` on, columns dilation_x apart and
// maybe with gaps between.
inline SHOAL_AVX2 void gather_columns(const ConvArgs& a, const int8_t* row,
                                      int column, int c, int n, int16_t* to) {
  for (; n > 0; c = 0, column += a.dilation_x) {
    const int part = a.in_c - c < n ? a.in_c - c : n;
    if (column >= 0 && column < a.in_w) {
      widen(to, row + static_cast<ptrdiff_t>(column) * a.in_stride + c, part);
    } else {
      fill(to, a.zero_in, part);
    }
    to += part;
    n -= part;
  }
}

// `n` elements from `tap` on, for output column x.
SHOAL_AVX2_INLINE void gather(const ConvArgs& a, int x, Tap tap, int n,
                              int16_t* to) {
  const bool dense = a.dilation_x == 1 && a.in_stride == a.in_c;
  while (n > 0) {
    const int rest = (a.kernel_w - tap.kx) * a.in_c - tap.c;
    const int part = rest < n ? rest : n;
    const int8_t* row = a.rows[tap.ky];
    if (!row) {
      fill(to, a.zero_in, part);
    } else if (dense) {
      const int at = (x * a.stride_x - a.pad_left + tap.kx) * a.in_c + tap.c;
      gather_run(row, at, a.in_w * a.in_c, part, a.zero_in, to);
    } else {
      const int column = x * a.stride_x - a.pad_left + tap.kx * a.dilation_x;
      gather_columns(a, row, column, tap.c, part, to);
    }
    to += part;
    n -= part;
    tap = {tap.ky + 1, 0, 0};
  }
}

}  // namespace shoal::avx2

#endif
