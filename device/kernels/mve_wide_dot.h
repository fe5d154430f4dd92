// Inside the kernels for Helium: dot products of 16-bit elements with weights
// of eight bits, as mve_dot.h has those of bytes. A load that widens bytes
// takes its address from a low register, and sums lie in even ones; compilers
// find no such registers unless they are named.
#pragma once

#include <cstring>

#include "device/kernels/mve_vectors.h"

namespace shoal {

#if defined(__ARM_FEATURE_MVE) && defined(__OPTIMIZE__)

// s + the `count` > 0 products of one channel and one pixel.
inline int32_t wide_dot_1x1(const int8_t* w, const int16_t* x, int count,
                            int32_t s) {
  __asm__(
      "dlstp.16 lr, %[count]\n"
      "1:\n"
      "vldrh.16 q0, [%[x]], #16\n"
      "vldrb.s16 q1, [%[w]], #8\n"
      "vmladava.s16 %[s], q0, q1\n"
      "letp lr, 1b\n"
      : [w] "+l"(w), [x] "+r"(x), [s] "+Te"(s)
      : [count] "r"(count)
      : "lr", "q0", "q1", "memory");
  return s;
}

// s[i + 3 * p] += those of three channels i and two pixels p.
inline void wide_dots_3x2(const int8_t* w0, int w_step, const int16_t* x0,
                          const int16_t* x1, int count, int32_t (&s)[6]) {
  register const int8_t* a0 __asm__("r1") = w0;
  register const int8_t* a1 __asm__("r3") = w0 + w_step;
  register const int8_t* a2 __asm__("r5") = w0 + 2 * w_step;
  register const int16_t* b0 __asm__("r9") = x0;
  register const int16_t* b1 __asm__("r11") = x1;
  int32_t s0 = s[0], s1 = s[1], s2 = s[2], s3 = s[3], s4 = s[4], s5 = s[5];
  __asm__(
      "dlstp.16 lr, %[count]\n"
      "1:\n"
      "vldrh.16 q0, [%[b0]], #16\n"
      "vldrb.s16 q2, [%[a0]], #8\n"
      "vmladava.s16 %[s0], q0, q2\n"
      "vldrh.16 q1, [%[b1]], #16\n"
      "vmladava.s16 %[s3], q1, q2\n"
      "vldrb.s16 q2, [%[a1]], #8\n"
      "vmladava.s16 %[s1], q0, q2\n"
      "vldrb.s16 q3, [%[a2]], #8\n"
      "vmladava.s16 %[s4], q1, q2\n"
      "vmladava.s16 %[s2], q0, q3\n"
      "vmladava.s16 %[s5], q1, q3\n"
      "letp lr, 1b\n"
      : [a0] "+r"(a0), [a1] "+r"(a1), [a2] "+r"(a2), [b0] "+r"(b0),
        [b1] "+r"(b1), [s0] "+Te"(s0), [s1] "+Te"(s1), [s2] "+Te"(s2),
        [s3] "+Te"(s3), [s4] "+Te"(s4), [s5] "+Te"(s5)
      : [count] "r"(count)
      : "lr", "q0", "q1", "q2", "q3", "memory");
  s[0] = s0, s[1] = s1, s[2] = s2, s[3] = s3, s[4] = s4, s[5] = s5;
}

// s[i] += those of four channels i and one pixel.
inline void wide_dots_4x1(const int8_t* w0, int w_step, const int16_t* x,
                          int count, int32_t (&s)[4]) {
  register const int8_t* a0 __asm__("r1") = w0;
  register const int8_t* a1 __asm__("r3") = w0 + w_step;
  register const int8_t* a2 __asm__("r5") = w0 + 2 * w_step;
  register const int8_t* a3 __asm__("r2") = w0 + 3 * w_step;
  int32_t s0 = s[0], s1 = s[1], s2 = s[2], s3 = s[3];
  __asm__(
      "dlstp.16 lr, %[count]\n"
      "1:\n"
      "vldrh.16 q0, [%[x]], #16\n"
      "vldrb.s16 q1, [%[a0]], #8\n"
      "vmladava.s16 %[s0], q0, q1\n"
      "vldrb.s16 q2, [%[a1]], #8\n"
      "vmladava.s16 %[s1], q0, q2\n"
      "vldrb.s16 q1, [%[a2]], #8\n"
      "vmladava.s16 %[s2], q0, q1\n"
      "vldrb.s16 q2, [%[a3]], #8\n"
      "vmladava.s16 %[s3], q0, q2\n"
      "letp lr, 1b\n"
      : [a0] "+r"(a0), [a1] "+r"(a1), [a2] "+r"(a2), [a3] "+r"(a3), [x] "+r"(x),
        [s0] "+Te"(s0), [s1] "+Te"(s1), [s2] "+Te"(s2), [s3] "+Te"(s3)
      : [count] "r"(count)
      : "lr", "q0", "q1", "q2", "memory");
  s[0] = s0, s[1] = s1, s[2] = s2, s[3] = s3;
}

// The sum of the sizes of `count` > 0 weights.
inline int32_t sum_of_sizes(const int8_t* w, int count) {
  int32_t s = 0;
  __asm__(
      "vmov.i8 q1, #0\n"
      "dlstp.8 lr, %[count]\n"
      "1:\n"
      "vldrb.8 q0, [%[w]], #16\n"
      "vabav.s8 %[s], q0, q1\n"
      "letp lr, 1b\n"
      : [w] "+r"(w), [s] "+r"(s)
      : [count] "r"(count)
      : "lr", "q0", "q1", "memory");
  return s;
}

inline void copy_halves(const int16_t* from, int count, int16_t* to) {
  __asm__ volatile(
      "dlstp.16 lr, %[count]\n"
      "1:\n"
      "vldrh.16 q0, [%[from]], #16\n"
      "vstrh.16 q0, [%[to]], #16\n"
      "letp lr, 1b\n"
      : [from] "+r"(from), [to] "+r"(to)
      : [count] "r"(count)
      : "lr", "q0", "memory");
}

#else

inline int32_t wide_dot_1x1(const int8_t* w, const int16_t* x, int count,
                            int32_t s) {
  for (int i = 0; i < count; ++i) s = wrap_add(s, w[i] * x[i]);
  return s;
}
inline void wide_dots_3x2(const int8_t* w, int w_step, const int16_t* x0,
                          const int16_t* x1, int count, int32_t (&s)[6]) {
  for (int i = 0; i < 3; ++i, w += w_step) {
    s[i] = wide_dot_1x1(w, x0, count, s[i]);
    s[i + 3] = wide_dot_1x1(w, x1, count, s[i + 3]);
  }
}
inline void wide_dots_4x1(const int8_t* w, int w_step, const int16_t* x,
                          int count, int32_t (&s)[4]) {
  for (int i = 0; i < 4; ++i, w += w_step)
    s[i] = wide_dot_1x1(w, x, count, s[i]);
}
inline int32_t sum_of_sizes(const int8_t* w, int count) {
  int32_t s = 0;
  for (int i = 0; i < count; ++i) s += w[i] < 0 ? -w[i] : w[i];
  return s;
}
inline void copy_halves(const int16_t* from, int count, int16_t* to) {
  std::memcpy(to, from, static_cast<size_t>(count) * sizeof *to);
}

#endif

}  // namespace shoal
