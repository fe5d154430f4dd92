// Inside the kernels for Helium: dot products of bytes. The loops are in
// assembler, as the compiler makes none whose last turn takes part of a vector
// (DLSTP, LETP): there a load reads no byte behind the last and gives zeros.
// Without optimization it keeps registers for itself that they need.
#pragma once

#include <cstring>

#include "device/kernels/mve_vectors.h"

namespace shoal {

#if defined(__ARM_FEATURE_MVE) && defined(__OPTIMIZE__)

// s[p] += w . x[p] of `count` > 0 bytes, of one channel and two pixels.
inline void add_dots_1x2(const int8_t* w, const int8_t* x0, const int8_t* x1,
                         int count, int32_t (&s)[2]) {
  __asm__(
      "dlstp.8 lr, %[count]\n"
      "1:\n"
      "vldrb.8 q2, [%[w]], #16\n"
      "vldrb.8 q0, [%[x0]], #16\n"
      "vmladava.s8 %[s0], q0, q2\n"
      "vldrb.8 q1, [%[x1]], #16\n"
      "vmladava.s8 %[s1], q1, q2\n"
      "letp lr, 1b\n"
      : [w] "+r"(w), [x0] "+r"(x0), [x1] "+r"(x1), [s0] "+Te"(s[0]),
        [s1] "+Te"(s[1])
      : [count] "r"(count)
      : "lr", "q0", "q1", "q2", "memory");
}

// sums[i + p * kRow] += w[i] . x[p] of `count` > 0 bytes, for all threes of
// channels i up to `end` and two pixels p. Returns the weights behind them.
#if defined(__clang__)  // may keep a frame pointer, and then looks for ever
template <int kRow>
inline const int8_t* add_threes(const int8_t* w, int w_step, const int8_t* x0,
                                const int8_t* x1, int count, int32_t* sums,
                                const int32_t* end) {
  for (; sums != end; ++sums, w += w_step) {
    int32_t s[2] = {sums[0], sums[kRow]};
    add_dots_1x2(w, x0, x1, count, s);
    sums[0] = s[0], sums[kRow] = s[1];
  }
  return w;
}
#else
template <int kRow>
inline const int8_t* add_threes(const int8_t* w0, int w_step, const int8_t* x0,
                                const int8_t* x1, int count, int32_t* sums,
                                const int32_t* end) {
  const struct {
    const int8_t *x0, *x1;
    int w_step, count, w_next;
    const int32_t* end;
  } turn = {x0, x1, w_step, count, w_step - ((count + 15) & ~15), end};
  const int8_t *w1, *w2;
  int32_t s00, s01, s10, s11, s20, s21;
  __asm__ volatile(
      "1:\n"
      "ldrd %[x0], %[x1], [%[turn], #8]\n"
      "add %[w1], %[w0], %[x0]\n"
      "add %[w2], %[w1], %[x0]\n"
      "dlstp.8 lr, %[x1]\n"
      "ldrd %[s00], %[s10], [%[sums]]\n"
      "ldr %[s20], [%[sums], #8]\n"
      "ldrd %[s01], %[s11], [%[sums], %[row]]\n"
      "ldr %[s21], [%[sums], %[row2]]\n"
      "ldrd %[x0], %[x1], [%[turn]]\n"
      "2:\n"
      "vldrb.8 q0, [%[x0]], #16\n"
      "vldrb.8 q2, [%[w0]], #16\n"
      "vmladava.s8 %[s00], q0, q2\n"
      "vldrb.8 q1, [%[x1]], #16\n"
      "vmladava.s8 %[s01], q1, q2\n"
      "vldrb.8 q2, [%[w1]], #16\n"
      "vmladava.s8 %[s10], q0, q2\n"
      "vldrb.8 q3, [%[w2]], #16\n"
      "vmladava.s8 %[s11], q1, q2\n"
      "vmladava.s8 %[s20], q0, q3\n"
      "vmladava.s8 %[s21], q1, q3\n"
      "letp lr, 2b\n"
      "strd %[s01], %[s11], [%[sums], %[row]]\n"
      "str %[s21], [%[sums], %[row2]]\n"
      "str %[s20], [%[sums], #8]\n"
      "ldrd %[x0], %[x1], [%[turn], #16]\n"
      "strd %[s00], %[s10], [%[sums]], #12\n"
      "add %[w0], %[w2], %[x0]\n"
      "cmp %[sums], %[x1]\n"
      "bne 1b\n"
      : [w0] "+r"(w0), [sums] "+r"(sums), [w1] "=&r"(w1), [w2] "=&r"(w2),
        [x0] "=&r"(x0), [x1] "=&r"(x1), [s00] "=&Te"(s00), [s01] "=&Te"(s01),
        [s10] "=&Te"(s10), [s11] "=&Te"(s11), [s20] "=&Te"(s20),
        [s21] "=&Te"(s21)
      : [turn] "r"(&turn), [row] "i"(4 * kRow), [row2] "i"(4 * kRow + 8)
      : "lr", "q0", "q1", "q2", "q3", "cc", "memory");
  return w0;
}
#endif

// Adds the products of four channels and one pixel.
inline void add_dots_4x1(const int8_t* w0, int w_step, const int8_t* x,
                         int count, int32_t (&s)[4]) {
  const int8_t *w1 = w0 + w_step, *w2 = w1 + w_step, *w3 = w2 + w_step;
  __asm__(
      "dlstp.8 lr, %[count]\n"
      "1:\n"
      "vldrb.8 q0, [%[x]], #16\n"
      "vldrb.8 q1, [%[w0]], #16\n"
      "vmladava.s8 %[s0], q0, q1\n"
      "vldrb.8 q2, [%[w1]], #16\n"
      "vmladava.s8 %[s1], q0, q2\n"
      "vldrb.8 q1, [%[w2]], #16\n"
      "vmladava.s8 %[s2], q0, q1\n"
      "vldrb.8 q2, [%[w3]], #16\n"
      "vmladava.s8 %[s3], q0, q2\n"
      "letp lr, 1b\n"
      : [w0] "+r"(w0), [w1] "+r"(w1), [w2] "+r"(w2), [w3] "+r"(w3), [x] "+r"(x),
        [s0] "+Te"(s[0]), [s1] "+Te"(s[1]), [s2] "+Te"(s[2]), [s3] "+Te"(s[3])
      : [count] "r"(count)
      : "lr", "q0", "q1", "q2", "memory");
}

// Adds the products of one channel and one pixel.
inline int32_t add_dots_1x1(const int8_t* w, const int8_t* x, int count,
                            int32_t s) {
  __asm__(
      "dlstp.8 lr, %[count]\n"
      "1:\n"
      "vldrb.8 q0, [%[x]], #16\n"
      "vldrb.8 q1, [%[w]], #16\n"
      "vmladava.s8 %[s], q0, q1\n"
      "letp lr, 1b\n"
      : [w] "+r"(w), [x] "+r"(x), [s] "+Te"(s)
      : [count] "r"(count)
      : "lr", "q0", "q1", "memory");
  return s;
}

inline int32_t sum_of_bytes(const int8_t* x, int count) {
  int32_t s = 0;
  __asm__(
      "dlstp.8 lr, %[count]\n"
      "1:\n"
      "vldrb.8 q0, [%[x]], #16\n"
      "vaddva.s8 %[s], q0\n"
      "letp lr, 1b\n"
      : [x] "+r"(x), [s] "+Te"(s)
      : [count] "r"(count)
      : "lr", "q0", "memory");
  return s;
}

inline void copy_bytes(const int8_t* from, int count, int8_t* to) {
  __asm__ volatile(
      "dlstp.8 lr, %[count]\n"
      "1:\n"
      "vldrb.8 q0, [%[from]], #16\n"
      "vstrb.8 q0, [%[to]], #16\n"
      "letp lr, 1b\n"
      : [from] "+r"(from), [to] "+r"(to)
      : [count] "r"(count)
      : "lr", "q0", "memory");
}

#else

inline int32_t add_dots_1x1(const int8_t* w, const int8_t* x, int count,
                            int32_t s) {
  for (int i = 0; i < count; ++i) s = wrap_add(s, w[i] * x[i]);
  return s;
}
inline void add_dots_1x2(const int8_t* w, const int8_t* x0, const int8_t* x1,
                         int count, int32_t (&s)[2]) {
  s[0] = add_dots_1x1(w, x0, count, s[0]);
  s[1] = add_dots_1x1(w, x1, count, s[1]);
}
inline void add_dots_4x1(const int8_t* w, int w_step, const int8_t* x,
                         int count, int32_t (&s)[4]) {
  for (int i = 0; i < 4; ++i) {
    s[i] = add_dots_1x1(w + i * w_step, x, count, s[i]);
  }
}
inline int32_t sum_of_bytes(const int8_t* x, int count) {
  int32_t s = 0;
  for (int i = 0; i < count; ++i) s += x[i];
  return s;
}
inline void copy_bytes(const int8_t* from, int count, int8_t* to) {
  std::memcpy(to, from, static_cast<size_t>(count));
}

template <int kRow>
inline const int8_t* add_threes(const int8_t* w, int w_step, const int8_t* x0,
                                const int8_t* x1, int count, int32_t* sums,
                                const int32_t* end) {
  for (; sums != end; ++sums, w += w_step) {
    sums[0] = add_dots_1x1(w, x0, count, sums[0]);
    sums[kRow] = add_dots_1x1(w, x1, count, sums[kRow]);
  }
  return w;
}

#endif

}  // namespace shoal
