#if defined(__thumb__) && !defined(__thumb2__)
#pragma GCC optimize("omit-frame-pointer")  // loops take all registers
#endif

#include "device/kernels/dot.h"

#include "device/kernels/thumb1.h"
#include "device/kernels/thumb2.h"

namespace shoal {
namespace {

constexpr uint32_t product(int a, int b) {
  return static_cast<uint32_t>(a * b);
}

// Unrolled, so that the loop's end is not a fifth of it.
void dot_2x2(const int8_t* w, int w_step, const int8_t* x, int x_step, int n,
             uint32_t* sums) {
  const int8_t *w1 = w + w_step, *x1 = x + x_step;
#if defined(SHOAL_THUMB1)
  return thumb1_dot_2x2(w, w1, x, x1, n, sums, kGroup);
#endif
  uint32_t s00 = sums[0], s10 = sums[1];
  uint32_t s01 = sums[kGroup], s11 = sums[kGroup + 1];
#pragma GCC unroll 4
  for (const int8_t* end = x + n; x != end;) {
    const int a = *w++, b = *w1++;
    const int u = *x++, v = *x1++;
    s00 += product(a, u);
    s01 += product(a, v);
    s10 += product(b, u);
    s11 += product(b, v);
  }
  sums[0] = s00, sums[1] = s10, sums[kGroup] = s01, sums[kGroup + 1] = s11;
}

// Two channels share three pixels' bytes.
void dot_2x3(const int8_t* w, int w_step, const int8_t* x, int x_step, int n,
             uint32_t* sums) {
  uint32_t* const more = sums + kGroup;
  uint32_t* const last = more + kGroup;
  uint32_t s00 = sums[0], s10 = sums[1], s01 = more[0], s11 = more[1];
  uint32_t s02 = last[0], s12 = last[1];
  int left = n;
#if defined(SHOAL_THUMB2)
  if (n >= 4) {
    thumb2_dot_2x3(w, w_step, x, x_step, n & ~3, s00, s10, s01, s11, s02, s12);
  }
  left &= 3;
#endif
  for (; left != 0; --left, ++w, ++x) {
    const int a = w[0], b = w[w_step];
    const int u = x[0], v = x[x_step], z = x[2 * x_step];
    s00 += product(a, u), s01 += product(a, v), s02 += product(a, z);
    s10 += product(b, u), s11 += product(b, v), s12 += product(b, z);
  }
  sums[0] = s00, sums[1] = s10, more[0] = s01, more[1] = s11;
  last[0] = s02, last[1] = s12;
}

void dot_4x1(const int8_t* w, int w_step, const int8_t* x, int, int n,
             uint32_t* sums) {
#if defined(SHOAL_THUMB1)
  return thumb1_dot_4x1(w, w_step, x, n, sums);
#endif
  const int8_t *w1 = w + w_step, *w2 = w1 + w_step, *w3 = w2 + w_step;
  uint32_t s0 = sums[0], s1 = sums[1], s2 = sums[2], s3 = sums[3];
#pragma GCC unroll 4
  for (const int8_t* end = x + n; x != end;) {
    const int u = *x++;
    s0 += product(*w++, u);
    s1 += product(*w1++, u);
    s2 += product(*w2++, u);
    s3 += product(*w3++, u);
  }
  sums[0] = s0, sums[1] = s1, sums[2] = s2, sums[3] = s3;
}

#if defined(__riscv)

// With 32 registers four channels share two pixels' bytes: 22 instructions for
// eight products, where twice dot_2x2 takes 24, and half of the ends of loops.
void dot_4x2(const int8_t* w, int w_step, const int8_t* x, int x_step, int n,
             uint32_t* sums) {
  const int8_t *w1 = w + w_step, *w2 = w1 + w_step, *w3 = w2 + w_step;
  const int8_t* x1 = x + x_step;
  uint32_t* const more = sums + kGroup;
  uint32_t s0 = sums[0], s1 = sums[1], s2 = sums[2], s3 = sums[3];
  uint32_t t0 = more[0], t1 = more[1], t2 = more[2], t3 = more[3];
#pragma GCC unroll 8
  for (const int8_t* end = x + n; x != end;) {
    const int u = *x++, v = *x1++;
    const int a = *w++, b = *w1++;
    s0 += product(a, u), t0 += product(a, v);
    s1 += product(b, u), t1 += product(b, v);
    const int c = *w2++, d = *w3++;
    s2 += product(c, u), t2 += product(c, v);
    s3 += product(d, u), t3 += product(d, v);
  }
  sums[0] = s0, sums[1] = s1, sums[2] = s2, sums[3] = s3;
  more[0] = t0, more[1] = t1, more[2] = t2, more[3] = t3;
}

#endif

// Makes the last channel where their number is odd, and all of them where each
// is a group of its own.
void dot_1x1(const int8_t* w, const int8_t* x, int n, uint32_t* sums) {
  uint32_t s = sums[0];
#pragma GCC unroll 4
  for (const int8_t* end = x + n; x != end;) {
    s += product(*w++, *x++);
  }
  sums[0] = s;
}

// The weights' zero point meets the sum of a pixel's input in all channels.
void take_zeros(const int8_t* x, int x_step, int pixels, int n, int zero_weight,
                int outs, uint32_t* sums) {
  for (int j = 0; j < pixels; ++j, x += x_step, sums += kGroup) {
    const uint32_t zeros =
        static_cast<uint32_t>(zero_weight) * weight_sum(x, n);
    for (int i = 0; i < outs; ++i) sums[i] -= zeros;
  }
}

}  // namespace

void add_dots(const int8_t* w, int w_step, int outs, const int8_t* x,
              int x_step, int pixels, int n, int zero_weight, uint32_t* sums) {
  if (zero_weight) take_zeros(x, x_step, pixels, n, zero_weight, outs, sums);
  const int block = pixels > 1 ? 2 : 4;
  auto* dot = pixels > 1 ? dot_2x2 : dot_4x1;
  if (kPixels == 3 && pixels == 3) dot = dot_2x3;
  int i = 0;
#if defined(__riscv)
  if (pixels == 2) {
    for (; i + 4 <= outs; i += 4, w += 4 * w_step) {
      dot_4x2(w, w_step, x, x_step, n, sums + i);
    }
  }
#endif
  for (; i + block <= outs; i += block, w += block * w_step) {
    dot(w, w_step, x, x_step, n, sums + i);
  }
  for (; i < outs; ++i, w += w_step) {
    for (int j = 0; j < pixels; ++j) {
      dot_1x1(w, x + j * x_step, n, sums + j * kGroup + i);
    }
  }
}

uint32_t weight_sum(const int8_t* w, int count) {
  uint32_t sum = 0;
  for (const int8_t* end = w + count; w != end;) {
    sum += static_cast<uint32_t>(*w++);
  }
  return sum;
}

}  // namespace shoal
