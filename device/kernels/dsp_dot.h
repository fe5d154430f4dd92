// Inside the kernels for the DSP extension: products of weights with input that
// was spread into pairs of int16 (dsp_words.h). Loops are in assembler: the
// compiler's take half as many instructions again, as it loads no two words at
// once and keeps sums in memory.
#pragma once

#include "device/kernels/dsp_words.h"

namespace shoal {

// The last weights of an output channel, zeros behind them.
inline uint32_t few_bytes(const int8_t* from, int count) {
  uint32_t word = 0;
  for (int i = 0; i < count; ++i) {
    word |= uint32_t{static_cast<uint8_t>(from[i])} << 8 * i;
  }
  return word;
}

// Four weights times kN pixels, with two words of x for each.
template <int kN>
inline void add_word(uint32_t word, const uint32_t* x, uint32_t (&s)[kN]) {
  const uint32_t even = even_bytes(word), odd = odd_bytes(word);
#pragma GCC unroll 4
  for (int p = 0; p < kN; ++p) {
    s[p] = add_products(odd, x[2 * p + 1], add_products(even, x[2 * p], s[p]));
  }
}

#if defined(SHOAL_DSP_LOOPS)

#define SHOAL_WEIGHTS        \
  "ldr %[odd], [%[w]], #4\n" \
  "sxtb16 %[even], %[odd]\n" \
  "sxtb16 %[odd], %[odd], ror #8\n"
#define SHOAL_TWO_PIXELS(a, b)      \
  "ldmia %[x]!, {r4, r5, r6, r8}\n" \
  "smlad " a ", %[even], r4, " a    \
  "\n"                              \
  "smlad " a ", %[odd], r5, " a     \
  "\n"                              \
  "smlad " b ", %[even], r6, " b    \
  "\n"                              \
  "smlad " b ", %[odd], r8, " b "\n"
#define SHOAL_ONE_PIXEL(a)       \
  "ldmia %[x]!, {r4, r5}\n"      \
  "smlad " a ", %[even], r4, " a \
  "\n"                           \
  "smlad " a ", %[odd], r5, " a "\n"
#define SHOAL_LOOP(step) \
  "1:\n" step step       \
  "cmp %[w], %[end]\n"   \
  "bne 1b\n"

// Words of weights from w to `end`, an even number; moves w and x on.
template <int kN>
inline void add_words(const int8_t*& w, const int8_t* end, const uint32_t*& x,
                      uint32_t (&s)[kN]) {
  uint32_t even, odd;
  if constexpr (kN == 4) {
    __asm__(
        SHOAL_LOOP(SHOAL_WEIGHTS SHOAL_TWO_PIXELS("%[s0]", "%[s1]")
                       SHOAL_TWO_PIXELS("%[s2]", "%[s3]"))
        : [w] "+r"(w), [x] "+r"(x), [s0] "+r"(s[0]), [s1] "+r"(s[1]),
          [s2] "+r"(s[2]), [s3] "+r"(s[3]), [even] "=&r"(even), [odd] "=&r"(odd)
        : [end] "r"(end)
        : "r4", "r5", "r6", "r8", "cc", "memory");
  } else if constexpr (kN == 3) {
    __asm__(SHOAL_LOOP(SHOAL_WEIGHTS SHOAL_TWO_PIXELS("%[s0]", "%[s1]")
                           SHOAL_ONE_PIXEL("%[s2]"))
            : [w] "+r"(w), [x] "+r"(x), [s0] "+r"(s[0]), [s1] "+r"(s[1]),
              [s2] "+r"(s[2]), [even] "=&r"(even), [odd] "=&r"(odd)
            : [end] "r"(end)
            : "r4", "r5", "r6", "r8", "cc", "memory");
  } else if constexpr (kN == 2) {
    __asm__(SHOAL_LOOP(SHOAL_WEIGHTS SHOAL_TWO_PIXELS("%[s0]", "%[s1]"))
            : [w] "+r"(w), [x] "+r"(x), [s0] "+r"(s[0]), [s1] "+r"(s[1]),
              [even] "=&r"(even), [odd] "=&r"(odd)
            : [end] "r"(end)
            : "r4", "r5", "r6", "r8", "cc", "memory");
  } else {
    __asm__(SHOAL_LOOP(SHOAL_WEIGHTS SHOAL_ONE_PIXEL("%[s0]"))
            : [w] "+r"(w), [x] "+r"(x), [s0] "+r"(s[0]), [even] "=&r"(even),
              [odd] "=&r"(odd)
            : [end] "r"(end)
            : "r4", "r5", "cc", "memory");
  }
}

#define SHOAL_OUT(w, s)              \
  "ldr %[odd], [" w                  \
  "], #4\n"                          \
  "sxtb16 %[even], %[odd]\n"         \
  "sxtb16 %[odd], %[odd], ror #8\n"  \
  "smlad " s ", %[even], %[low], " s \
  "\n"                               \
  "smlad " s ", %[odd], %[high], " s "\n"
#define SHOAL_FOUR_OUTS                                            \
  "ldrd %[low], %[high], [%[x]], #8\n" SHOAL_OUT("%[w0]", "%[s0]") \
      SHOAL_OUT("%[w1]", "%[s1]") SHOAL_OUT("%[w2]", "%[s2]")      \
          SHOAL_OUT("%[w3]", "%[s3]")

// The same of one pixel for four output channels, until x is `end`, a multiple
// of four words of each.
inline void add_outs(const int8_t* (&w)[4], const uint32_t*& x,
                     const uint32_t* end, uint32_t (&s)[4]) {
  uint32_t even, odd, low, high;
  __asm__("1:\n" SHOAL_FOUR_OUTS SHOAL_FOUR_OUTS SHOAL_FOUR_OUTS SHOAL_FOUR_OUTS
          "cmp %[x], %[end]\n"
          "bne 1b\n"
          : [w0] "+r"(w[0]), [w1] "+r"(w[1]), [w2] "+r"(w[2]), [w3] "+r"(w[3]),
            [x] "+r"(x), [s0] "+r"(s[0]), [s1] "+r"(s[1]), [s2] "+r"(s[2]),
            [s3] "+r"(s[3]), [even] "=&r"(even), [odd] "=&r"(odd),
            [low] "=&r"(low), [high] "=&r"(high)
          : [end] "r"(end)
          : "cc", "memory");
}

#undef SHOAL_FOUR_OUTS
#undef SHOAL_OUT
#undef SHOAL_LOOP
#undef SHOAL_ONE_PIXEL
#undef SHOAL_TWO_PIXELS
#undef SHOAL_WEIGHTS

#else

template <int kN>
inline void add_words(const int8_t*& w, const int8_t* end, const uint32_t*& x,
                      uint32_t (&s)[kN]) {
  for (; w != end; w += 4, x += 2 * kN) add_word(four_bytes(w), x, s);
}

inline void add_outs(const int8_t* (&w)[4], const uint32_t*& x,
                     const uint32_t* end, uint32_t (&s)[4]) {
  for (; x != end; x += 2) {
#pragma GCC unroll 4
    for (int i = 0; i < 4; ++i) {
      uint32_t sum[1] = {s[i]};
      add_word(four_bytes(w[i]), x, sum);
      s[i] = sum[0];
      w[i] += 4;
    }
  }
}

#endif

// s[p] += sum over k < count of w[k] times element k of pixel p. `x` has, for
// each four elements, two words of each pixel; elements behind the last are
// zeros. Reads no weight behind the last.
template <int kN>
inline void add_dot(const int8_t* w, const uint32_t* x, int count,
                    uint32_t (&s)[kN]) {
  if (const int whole = count & ~7) add_words(w, w + whole, x, s);
  if (count & 7) {
    if (count & 4) {
      add_word(four_bytes(w), x, s);
      w += 4, x += 2 * kN;
    }
    if (count & 3) add_word(few_bytes(w, count & 3), x, s);
  }
}

// The same of one pixel for four output channels whose weights lie w_step
// apart.
inline void add_dot_outs(const int8_t* first, int w_step, const uint32_t* x,
                         int count, uint32_t (&s)[4]) {
  const int8_t* w[4] = {first, first + w_step, first + 2 * w_step,
                        first + 3 * w_step};
  if (const int whole = count & ~15) add_outs(w, x, x + whole / 2, s);
  if (!(count & 15)) return;
#pragma GCC unroll 4
  for (int i = 0; i < 4; ++i) {
    uint32_t sum[1] = {s[i]};
    const uint32_t* at = x;
    const int8_t* rest = w[i];
    for (int k = count & 12; k > 0; k -= 4, rest += 4, at += 2) {
      add_word(four_bytes(rest), at, sum);
    }
    if (count & 3) add_word(few_bytes(rest, count & 3), at, sum);
    s[i] = sum[0];
  }
}

}  // namespace shoal
