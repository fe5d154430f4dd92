// Inside the portable kernels, for cores with Thumb's 16-bit instructions only
// (ARMv6-M: Cortex-M0+). A loop's operands just fill their eight low registers
// if all pointers share one index; sums are added to in the high ones. The
// compiler keeps half of them on the stack: 6.5 instructions for a product
// where these take 3.6.
#pragma once

#include <cstdint>

namespace shoal {

#if defined(__thumb__) && !defined(__thumb2__)
#define SHOAL_NO_LONG_PRODUCTS
#endif

// requantize_doubled() (device/base/fixed_point.h) by products of 16 bits each,
// for cores that multiply no longer ones; multiplier not below zero.
constexpr int32_t requantize_doubled_by_halves(int32_t v, int32_t multiplier,
                                               int right) {
  const uint32_t sign = static_cast<uint32_t>(v >> 31);
  const uint32_t v_low = static_cast<uint32_t>(v) & 0xFFFF;
  const uint32_t m_low = static_cast<uint32_t>(multiplier) & 0xFFFF;
  const int32_t v_high = v >> 16, m_high = multiplier >> 16;
  // 65536 times these, and half a unit of the result less the sign.
  const int32_t middle = v_high * static_cast<int32_t>(m_low) +
                         static_cast<int32_t>((v_low * m_low) >> 16);
  const uint32_t rest = v_low * static_cast<uint32_t>(m_high) +
                        (static_cast<uint32_t>(middle) & 0xFFFF) + (1u << 14) +
                        (sign & (1u << 15));
  const int32_t high = v_high * m_high + (middle >> 16) +
                       static_cast<int32_t>(rest >> 16) +
                       static_cast<int32_t>(sign);
  return high >> right;
}

}  // namespace shoal

// For size the compiler leaves the high registers alone, without optimization
// it needs low ones itself; clang keeps a frame pointer.
#if defined(__thumb__) && !defined(__thumb2__) && defined(__OPTIMIZE__) && \
    !defined(__OPTIMIZE_SIZE__) && !defined(__clang__)
#define SHOAL_THUMB1

namespace shoal {

// All loops: the index runs from -n to 0 behind the ends of the rows, n & 3
// turns first.
#define SHOAL_TURNS(turn)                                               \
  ".syntax unified\n"                                                   \
  "cmp %[k], %[whole]\n"                                                \
  "beq 2f\n"                                                            \
  "1:\n" turn                                                           \
  "adds %[k], %[k], #1\n"                                               \
  "cmp %[k], %[whole]\n"                                                \
  "bne 1b\n"                                                            \
  "2:\n"                                                                \
  "cmp %[k], #0\n"                                                      \
  "beq 4f\n"                                                            \
  "3:\n" turn "adds %[k], %[k], #1\n" turn "adds %[k], %[k], #1\n" turn \
  "adds %[k], %[k], #1\n" turn                                          \
  "adds %[k], %[k], #1\n"                                               \
  "bne 3b\n"                                                            \
  "4:\n"

// s[j * step + i] += w[i] . x[j] of n bytes.
inline void thumb1_dot_2x2(const int8_t* w0, const int8_t* w1, const int8_t* x0,
                           const int8_t* x1, int n, uint32_t* s, int step) {
  uint32_t s00 = s[0], s10 = s[1], s01 = s[step], s11 = s[step + 1];
  int32_t k = -n, a, u, t;
  const int32_t whole = -(n & ~3);
  w0 += n, w1 += n, x0 += n, x1 += n;
  __asm__(SHOAL_TURNS("ldrsb %[a], [%[w0], %[k]]\n"
                      "ldrsb %[u], [%[x0], %[k]]\n"
                      "movs %[t], %[a]\n"
                      "muls %[t], %[u], %[t]\n"
                      "add %[s00], %[t]\n"
                      "ldrsb %[t], [%[x1], %[k]]\n"
                      "muls %[a], %[t], %[a]\n"
                      "add %[s01], %[a]\n"
                      "ldrsb %[a], [%[w1], %[k]]\n"
                      "muls %[u], %[a], %[u]\n"
                      "add %[s10], %[u]\n"
                      "muls %[t], %[a], %[t]\n"
                      "add %[s11], %[t]\n")
          : [s00] "+h"(s00), [s10] "+h"(s10), [s01] "+h"(s01), [s11] "+h"(s11),
            [k] "+l"(k), [a] "=&l"(a), [u] "=&l"(u), [t] "=&l"(t)
          : [w0] "l"(w0), [w1] "l"(w1), [x0] "l"(x0), [x1] "l"(x1),
            [whole] "h"(whole)
          : "cc", "memory");
  s[0] = s00, s[1] = s10, s[step] = s01, s[step + 1] = s11;
}

// s[i] += w[i] . x of n bytes; the four w lie w_step apart.
inline void thumb1_dot_4x1(const int8_t* w0, int w_step, const int8_t* x, int n,
                           uint32_t* s) {
  const int8_t *w1 = w0 + w_step, *w2 = w1 + w_step, *w3 = w2 + w_step;
  uint32_t s0 = s[0], s1 = s[1], s2 = s[2], s3 = s[3];
  int32_t k = -n, u, t;
  const int32_t whole = -(n & ~3);
  w0 += n, w1 += n, w2 += n, w3 += n, x += n;
  __asm__(SHOAL_TURNS("ldrsb %[u], [%[x], %[k]]\n"
                      "ldrsb %[t], [%[w0], %[k]]\n"
                      "muls %[t], %[u], %[t]\n"
                      "add %[s0], %[t]\n"
                      "ldrsb %[t], [%[w1], %[k]]\n"
                      "muls %[t], %[u], %[t]\n"
                      "add %[s1], %[t]\n"
                      "ldrsb %[t], [%[w2], %[k]]\n"
                      "muls %[t], %[u], %[t]\n"
                      "add %[s2], %[t]\n"
                      "ldrsb %[t], [%[w3], %[k]]\n"
                      "muls %[u], %[t], %[u]\n"
                      "add %[s3], %[u]\n")
          : [s0] "+h"(s0), [s1] "+h"(s1), [s2] "+h"(s2), [s3] "+h"(s3),
            [k] "+l"(k), [u] "=&l"(u), [t] "=&l"(t)
          : [w0] "l"(w0), [w1] "l"(w1), [w2] "l"(w2), [w3] "l"(w3), [x] "l"(x),
            [whole] "h"(whole)
          : "cc", "memory");
  s[0] = s0, s[1] = s1, s[2] = s2, s[3] = s3;
}

#undef SHOAL_TURNS

#define SHOAL_ONE_TAP            \
  "ldrb %[a], [%[w]]\n"          \
  "sxtb %[a], %[a]\n"            \
  "ldrsb %[t], [%[x0], %[k]]\n"  \
  "muls %[t], %[a], %[t]\n"      \
  "add %[s0], %[t]\n"            \
  "ldrsb %[t], [%[x1], %[k]]\n"  \
  "muls %[t], %[a], %[t]\n"      \
  "add %[s1], %[t]\n"            \
  "ldrsb %[t], [%[x0], %[k2]]\n" \
  "muls %[t], %[a], %[t]\n"      \
  "add %[s2], %[t]\n"            \
  "ldrsb %[t], [%[x1], %[k2]]\n" \
  "muls %[a], %[t], %[a]\n"      \
  "add %[s3], %[a]\n"
#define SHOAL_NEXT_TAP           \
  "adds %[w], %[w], %[w_step]\n" \
  "add %[k], %[x_step]\n"        \
  "add %[k2], %[x_step]\n"

// s[j] += the sum of three products of w and x + j * pixel_step, whose bytes
// lie w_step and x_step apart.
inline void thumb1_three_taps(const int8_t* w, int w_step, const int8_t* x,
                              int x_step, int pixel_step, uint32_t& s0,
                              uint32_t& s1, uint32_t& s2, uint32_t& s3) {
  int32_t k = 0, k2 = 2 * pixel_step, a, t;
  __asm__(".syntax unified\n" SHOAL_ONE_TAP SHOAL_NEXT_TAP SHOAL_ONE_TAP
              SHOAL_NEXT_TAP SHOAL_ONE_TAP
          : [s0] "+h"(s0), [s1] "+h"(s1), [s2] "+h"(s2), [s3] "+h"(s3),
            [w] "+l"(w), [k] "+l"(k), [k2] "+l"(k2), [a] "=&l"(a), [t] "=&l"(t)
          : [x0] "l"(x), [x1] "l"(x + pixel_step), [w_step] "l"(w_step),
            [x_step] "h"(x_step)
          : "cc", "memory");
}

#undef SHOAL_NEXT_TAP
#undef SHOAL_ONE_TAP

}  // namespace shoal
#endif
