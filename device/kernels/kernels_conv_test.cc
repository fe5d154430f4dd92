// The portable conv and depthwise kernels against the plain formulas.
#include <gtest/gtest.h>

#include "device/kernels/kernel_cases.h"

namespace shoal {
namespace {

void check(void (*kernel)(const ConvArgs&), OpCode op, WindowKind kind,
           uint32_t seed, int cases) {
  std::mt19937 random(seed);
  for (int i = 0; i < cases; ++i) {
    WindowCase c(random_window(random, op, kind), random);
    kernel(c.args());
    ASSERT_EQ(c.mismatch(), "") << "seed " << seed << " case " << i;
  }
}

TEST(Conv, AnyShape) {
  check(portable_kernels().conv, OpCode::kConv, WindowKind::kAny, 1, 500);
}
TEST(Conv, Pointwise) {
  check(portable_kernels().conv, OpCode::kConv, WindowKind::kPointwise, 2, 200);
}
TEST(Conv, ThreeByThree) {
  check(portable_kernels().conv, OpCode::kConv, WindowKind::kThreeByThree, 3,
        300);
}
TEST(Conv, FullyConnected) {
  check(portable_kernels().conv, OpCode::kConv, WindowKind::kFullyConnected, 4,
        200);
}
TEST(Depthwise, AnyShape) {
  check(portable_kernels().depthwise, OpCode::kDepthwise, WindowKind::kAny, 5,
        800);
}
TEST(Depthwise, ThreeByThree) {
  check(portable_kernels().depthwise, OpCode::kDepthwise,
        WindowKind::kThreeByThree, 6, 400);
}

}  // namespace
}  // namespace shoal
