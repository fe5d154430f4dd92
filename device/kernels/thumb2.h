// Inside the portable kernels, for cores with Thumb-2 and without the DSP
// extension (Cortex-M3): dot products of two channels by three pixels. Two
// registers name the three pixels, as an offset may be shifted, and all 14 are
// taken. A product takes 1.92 instructions; a block of two by two, whose bytes
// serve fewer products, 2.13, and 2.38 as it is compiled.
#pragma once

#include <cstdint>

// A program that is compiled for size has no room for the loop. Without
// optimization the compiler needs its registers, and clang keeps one of them
// for a frame pointer.
#if defined(__thumb2__) && !defined(__ARM_FEATURE_DSP) &&   \
    defined(__OPTIMIZE__) && !defined(__OPTIMIZE_SIZE__) && \
    !defined(__clang__)
#define SHOAL_THUMB2

namespace shoal {

// s_ij += w[i] . x[j] of n bytes, 4 at least and a multiple of 4; w and x go
// on behind them. The two w lie w_step apart, the three x x_step.
inline void thumb2_dot_2x3(const int8_t*& w, int w_step, const int8_t*& x,
                           int x_step, int n, uint32_t& s00, uint32_t& s10,
                           uint32_t& s01, uint32_t& s11, uint32_t& s02,
                           uint32_t& s12) {
  const int8_t* const end = x + n;
  int32_t a, b, u;
#define SHOAL_TURN                          \
  "ldrsb %[b], [%[w], %[w_step]]\n"         \
  "ldrsb %[a], [%[w]], #1\n"                \
  "ldrsb %[u], [%[x], %[x_step], lsl #1]\n" \
  "mla %[s02], %[a], %[u], %[s02]\n"        \
  "mla %[s12], %[b], %[u], %[s12]\n"        \
  "ldrsb %[u], [%[x], %[x_step]]\n"         \
  "mla %[s01], %[a], %[u], %[s01]\n"        \
  "mla %[s11], %[b], %[u], %[s11]\n"        \
  "ldrsb %[u], [%[x]], #1\n"                \
  "mla %[s00], %[a], %[u], %[s00]\n"        \
  "mla %[s10], %[b], %[u], %[s10]\n"
  __asm__(
      ".syntax unified\n"
      "1:\n" SHOAL_TURN SHOAL_TURN SHOAL_TURN SHOAL_TURN
      "cmp %[x], %[end]\n"
      "bne 1b\n"
      : [s00] "+r"(s00), [s10] "+r"(s10), [s01] "+r"(s01), [s11] "+r"(s11),
        [s02] "+r"(s02), [s12] "+r"(s12), [w] "+r"(w), [x] "+r"(x),
        [a] "=&r"(a), [b] "=&r"(b), [u] "=&r"(u)
      : [w_step] "r"(w_step), [x_step] "r"(x_step), [end] "r"(end)
      : "cc", "memory");
#undef SHOAL_TURN
}

}  // namespace shoal
#endif
