// Tests only: random calls of one kernel against the plain formulas, whole and
// cut. A failure names the seed and the case.
#pragma once

#include <gtest/gtest.h>

#include <random>
#include <string>

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
