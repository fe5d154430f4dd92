// The AVX2 kernels against the plain formulas and the portable kernels.
#include "device/kernels/x86_avx2.h"

#include <gtest/gtest.h>

#include "device/kernels/kernel_cases.h"

namespace shoal {
namespace {

TEST(BestKernels, FollowTheMachine) {
  const std::string name = best_kernels().name;
#if defined(SHOAL_HAS_AVX2_KERNELS)
  EXPECT_EQ(name, has_avx2() ? "avx2" : "portable");
#else
  EXPECT_EQ(name, "portable");
#endif
}

#if defined(SHOAL_HAS_AVX2_KERNELS)

void check(OpCode op, WindowKind kind, uint32_t seed, int cases) {
  if (!has_avx2()) GTEST_SKIP() << "no AVX2";
  std::mt19937 random(seed);
  const KernelSet& set = avx2_kernels();
  for (int i = 0; i < cases; ++i) {
    WindowCase c(random_window(random, op, kind), random);
    (op == OpCode::kConv ? set.conv : set.depthwise)(c.args());
    ASSERT_EQ(c.mismatch(), "") << "seed " << seed << " case " << i;
  }
}

TEST(Avx2Conv, AnyShape) { check(OpCode::kConv, WindowKind::kAny, 1, 1500); }
TEST(Avx2Conv, Pointwise) {
  check(OpCode::kConv, WindowKind::kPointwise, 2, 600);
}
TEST(Avx2Conv, ThreeByThree) {
  check(OpCode::kConv, WindowKind::kThreeByThree, 3, 600);
}
TEST(Avx2Conv, FullyConnected) {
  check(OpCode::kConv, WindowKind::kFullyConnected, 4, 400);
}
TEST(Avx2Depthwise, AnyShape) {
  check(OpCode::kDepthwise, WindowKind::kAny, 5, 1500);
}
TEST(Avx2Depthwise, ThreeByThree) {
  check(OpCode::kDepthwise, WindowKind::kThreeByThree, 6, 600);
}

#endif

}  // namespace
}  // namespace shoal
