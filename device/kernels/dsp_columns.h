// Inside the depthwise kernels for DSP, of int8 and int16 alike: columns of an
// odd number of rows of four channels as pairs of int16. Of each two rows a
// channel has a word; of the last row the channels (0, 2) share one, and (1, 3)
// another. Columns lie one behind the other, weights as the input does.
#pragma once

#include "device/kernels/dsp_element.h"
#include "device/kernels/dsp_words.h"

namespace shoal {

constexpr int kDspLanes = 4;     // channels
constexpr int kDspMostRows = 7;  // of a kernel

constexpr int dsp_column_words(int rows) { return 2 * rows; }

#if defined(SHOAL_DSP_LOOPS)
// Spreads two rows' words in r6 and r8: r4, r5, r6 and r8 are the channels'; r9
// is lost.
#define SHOAL_DSP_TWO_ROWS      \
  "sxtb16 r4, r6\n"             \
  "sxtb16 r9, r8\n"             \
  "sxtb16 r5, r6, ror #8\n"     \
  "pkhtb r6, r9, r4, asr #16\n" \
  "pkhbt r4, r4, r9, lsl #16\n" \
  "sxtb16 r9, r8, ror #8\n"     \
  "pkhtb r8, r9, r5, asr #16\n" \
  "pkhbt r5, r5, r9, lsl #16\n"
#endif

// The words of two rows, one for each channel.
inline void dsp_put_two(uint32_t row0, uint32_t row1, uint32_t* to) {
#if defined(SHOAL_DSP_LOOPS)
  register uint32_t a __asm__("r6") = row0;
  register uint32_t b __asm__("r8") = row1;
  __asm__ volatile(SHOAL_DSP_TWO_ROWS "stmia %2, {r4, r5, r6, r8}\n"
                   : "+r"(a), "+r"(b)
                   : "r"(to)
                   : "r4", "r5", "r9", "memory");
#else
  const uint32_t even0 = even_bytes(row0), even1 = even_bytes(row1);
  const uint32_t odd0 = odd_bytes(row0), odd1 = odd_bytes(row1);
  to[0] = low_halves(even0, even1), to[1] = low_halves(odd0, odd1);
  to[2] = high_halves(even0, even1), to[3] = high_halves(odd0, odd1);
#endif
}

// The column of three rows' words; where the next one goes.
inline uint32_t* dsp_put_three(uint32_t row0, uint32_t row1, uint32_t row2,
                               uint32_t* to) {
#if defined(SHOAL_DSP_LOOPS)
  register uint32_t a __asm__("r6") = row0;
  register uint32_t b __asm__("r8") = row1;
  register uint32_t c __asm__("r10") = row2;
  __asm__ volatile(SHOAL_DSP_TWO_ROWS
                   "sxtb16 r9, r10\n"
                   "sxtb16 r10, r10, ror #8\n"
                   "stmia %0!, {r4, r5, r6, r8, r9, r10}\n"
                   : "+r"(to), "+r"(a), "+r"(b), "+r"(c)
                   :
                   : "r4", "r5", "r9", "memory");
  return to;
#else
  dsp_put_two(row0, row1, to);
  to[4] = even_bytes(row2), to[5] = odd_bytes(row2);
  return to + dsp_column_words(3);
#endif
}
#undef SHOAL_DSP_TWO_ROWS

// The same of elements, wherever four of each row lie.
inline void dsp_put_two(const int8_t* row0, const int8_t* row1, uint32_t* to) {
  dsp_put_two(four_bytes(row0), four_bytes(row1), to);
}
inline void dsp_put_two(const int16_t* row0, const int16_t* row1,
                        uint32_t* to) {
  const uint32_t low0 = two_elements(row0), high0 = two_elements(row0 + 2);
  const uint32_t low1 = two_elements(row1), high1 = two_elements(row1 + 2);
  to[0] = low_halves(low0, low1), to[1] = high_halves(low0, low1);
  to[2] = low_halves(high0, high1), to[3] = high_halves(high0, high1);
}
inline uint32_t* dsp_put_three(const int8_t* row0, const int8_t* row1,
                               const int8_t* row2, uint32_t* to) {
  return dsp_put_three(four_bytes(row0), four_bytes(row1), four_bytes(row2),
                       to);
}
inline uint32_t* dsp_put_three(const int16_t* row0, const int16_t* row1,
                               const int16_t* row2, uint32_t* to) {
  dsp_put_two(row0, row1, to);
  put_four(row2, to + 4);
  return to + dsp_column_words(3);
}

// Where a row's columns lie; a step of 0 repeats one.
template <class E>
struct DspRow {
  const E* at;
  int step;
};

// `count` columns of an odd number of rows.
template <class E>
[[gnu::noinline]] void dsp_put_rows(const DspRow<E>* row, int rows, int count,
                                    uint32_t* to) {
  const int words = dsp_column_words(rows);
  for (; rows > 1; rows -= 2, row += 2, to += 4) {
    DspRow<E> a = row[0], b = row[1];
    uint32_t* at = to;
    for (int n = count; n > 0; --n, at += words) {
      dsp_put_two(a.at, b.at, at);
      a.at += a.step, b.at += b.step;
    }
  }
  DspRow<E> last = *row;
  for (; count > 0; --count, last.at += last.step, to += words) {
    put_four(last.at, to);
  }
}

inline uint32_t dsp_zero_weights(const ConvArgs& a) {
  return a.zero_weight ? pair_with(a.zero_weight) : 0;
}
inline uint32_t dsp_zero_weights(const WideConvArgs&) { return 0; }

// The kernel's columns of four channels whose first weight is w.
template <bool k3x3, class Args>
inline void dsp_put_weights(const Args& a, const int8_t* w, uint32_t* to) {
  const int columns = k3x3 ? 3 : a.kernel_w, height = k3x3 ? 3 : a.kernel_h;
  const int step = a.weight_stride, row = columns * step;
  uint32_t* at = to;
  if (k3x3) {
#pragma GCC unroll 1
    for (int kx = 0; kx < columns; ++kx, w += step) {
      at = dsp_put_three(w, w + row, w + 2 * row, at);
    }
  } else {
    DspRow<int8_t> rows[kDspMostRows];
    for (int y = 0; y < height; ++y, w += row) rows[y] = {w, step};
    dsp_put_rows(rows, height, columns, to);
    at += dsp_column_words(height * columns);
  }
  const uint32_t zero = dsp_zero_weights(a);
  if (!zero) return;
  while (at != to) --at, *at = subtract_pairs(*at, zero);
}

// Three rows of `count` columns from input column x of channels from o on,
// which all lie inside; `zeros` are four elements of padding.
template <class Args, class E>
inline uint32_t* dsp_put_three_inside(const Args& a, int o, int x, int count,
                                      const E* zeros, uint32_t* to) {
  const int step = a.in_stride;
  const E* const* rows = a.rows;
  if (rows[0] && rows[1] && rows[2]) {
    const E *r0 = rows[0], *r1 = rows[1], *r2 = rows[2];
    for (int at = x * step + o, last = at + count * step; at != last;
         at += step) {
      to = dsp_put_three(r0 + at, r1 + at, r2 + at, to);
    }
    return to;
  }
  const auto row = [&](int ky, int at) {
    return rows[ky] ? rows[ky] + at : zeros;
  };
  for (int at = x * step + o; count > 0; --count, at += step) {
    to = dsp_put_three(row(0, at), row(1, at), row(2, at), to);
  }
  return to;
}

// Input columns [x, x + count), of which `left` and `right` are padding.
template <class Args, class E>
[[gnu::noinline]] void dsp_put_any(const Args& a, int o, int x, int left,
                                   int inside, int right, const E* zeros,
                                   uint32_t* to) {
  const int words = dsp_column_words(a.kernel_h);
  const auto put_padding = [&](int columns) {
    const uint32_t pair = pair_with(*zeros);
    for (int n = columns * words; n > 0; --n) *to++ = pair;
  };
  put_padding(left);
  DspRow<E> rows[kDspMostRows];
  for (int y = 0; y < a.kernel_h; ++y) {
    const E* row = a.rows[y];
    rows[y] = {zeros, 0};
    if (row && inside > 0) {
      rows[y] = {row + (x + left) * a.in_stride + o, a.in_stride};
    }
  }
  dsp_put_rows(rows, a.kernel_h, inside, to);
  to += inside * words;
  put_padding(right);
}

// Input columns [x, x + count), some of which may be padding.
template <bool k3x3, class Args>
inline void dsp_put_columns(const Args& a, int o, int x, int count,
                            uint32_t* to) {
  using E = DspElement<Args>;
  const auto zero = static_cast<E>(dsp_padding(a));
  const E zeros[kDspLanes] = {zero, zero, zero, zero};
  const int before = x < 0 ? -x : 0, left = before < count ? before : count;
  const int room = x + left < a.in_w ? a.in_w - x - left : 0;
  const int inside = room < count - left ? room : count - left;
  const int right = count - left - inside;
  if (!k3x3) {
    return dsp_put_any(a, o, x, left, inside, right, zeros, to);
  }
  const auto put_padding = [&](int n) {
    for (; n > 0; --n) to = dsp_put_three(zeros, zeros, zeros, to);
  };
  put_padding(left);
  to = dsp_put_three_inside(a, o, x + left, inside, zeros, to);
  put_padding(right);
}

}  // namespace shoal
