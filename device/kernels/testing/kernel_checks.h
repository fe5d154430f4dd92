// Tests only: random calls of one kernel against the plain formulas, whole and
// cut. A failure names the seed and the case.
#pragma once

#include <gtest/gtest.h>

#include <random>
#include <string>
#include <vector>

#include "device/kernels/testing/kernel_cases.h"
#include "device/kernels/testing/kernel_splits.h"

namespace shoal {

inline void check_window(WindowKernel kernel, OpCode op, WindowKind kind,
                         uint32_t seed, int cases) {
  std::mt19937 random(seed);
  for (int i = 0; i < cases; ++i) {
    WindowCase c(random_window(random, op, kind), random);
    kernel(c.args());
    ASSERT_EQ(c.mismatch(), "") << "seed " << seed << " case " << i;
  }
}

// Several rows of a call are the same as a call for each: rows of one picture,
// with padding above, below or anywhere, windows 1 to 3 rows apart.
inline void check_rows_of_a_call(WindowKernel kernel, uint32_t seed,
                                 int cases) {
  std::mt19937 random(seed);
  for (int i = 0; i < cases; ++i) {
    const WindowKind kind =
        i % 2 ? WindowKind::kAny : WindowKind::kThreeByThree;
    WindowCase c(random_window(random, OpCode::kDepthwise, kind), random);
    c.whole(random);
    ConvArgs a = c.args();
    const size_t kernel_h = static_cast<size_t>(a.kernel_h);
    const size_t apart = 1 + random() % 3, count = 2 + random() % 7;
    const size_t size = c.expected().size();
    std::vector<const int8_t*> picture, rows;
    for (size_t y = 0; y < count * apart + kernel_h; ++y) {
      picture.push_back(a.rows[y % kernel_h]);
    }
    if (random() % 2) picture.front() = nullptr;
    if (random() % 2) picture[(count - 1) * apart + kernel_h - 1] = nullptr;
    if (random() % 8 == 0) picture[random() % picture.size()] = nullptr;
    for (size_t y = 0; y < count; ++y) {
      for (size_t ky = 0; ky < kernel_h; ++ky) {
        rows.push_back(picture[y * apart + ky]);
      }
    }
    std::vector<int8_t> expected(count * size), got(count * size);
    for (size_t y = 0; y < count; ++y) {
      a.rows = rows.data() + y * kernel_h;
      a.out = expected.data() + y * size;
      kernel(a);
    }
    a.rows = rows.data(), a.out = got.data();
    a.more_rows = static_cast<int>(count) - 1;
    a.out_row = static_cast<int>(size);
    kernel(a);
    ASSERT_EQ(got, expected) << "seed " << seed << " case " << i;
  }
}

using WindowSplit = std::string (*)(WindowKernel, WindowCase&, std::mt19937&);

inline void check_window_split(WindowSplit split, WindowKernel kernel,
                               OpCode op, uint32_t seed, int cases) {
  std::mt19937 random(seed);
  for (int i = 0; i < cases; ++i) {
    WindowCase c(random_window(random, op), random);
    ASSERT_EQ(split(kernel, c, random), "") << "seed " << seed << " case " << i;
  }
}

}  // namespace shoal
