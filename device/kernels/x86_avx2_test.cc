// The AVX2 kernels against the plain formulas, and against the portable
// kernels where the random cases do not go.
#include "device/kernels/x86_avx2.h"

#include <gtest/gtest.h>

#include "device/kernels/testing/kernel_checks.h"

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

class Avx2 : public testing::Test {
 protected:
  void SetUp() override {
    if (!has_avx2()) GTEST_SKIP() << "no AVX2";
  }

  static void call(const KernelSet& set, OpCode op, const ConvArgs& a) {
    (op == OpCode::kConv ? set.conv : set.depthwise)(a);
  }

  static void check(OpCode op, WindowKind kind, uint32_t seed, int cases) {
    const KernelSet& set = avx2_kernels();
    check_window(op == OpCode::kConv ? set.conv : set.depthwise, op, kind, seed,
                 cases);
  }

  // A case of exactly these sizes.
  static void check(WindowShape s, uint32_t seed) {
    std::mt19937 random(seed);
    const bool depthwise = s.op == OpCode::kDepthwise;
    if (depthwise) s.in_c = (s.channels + s.multiplier - 1) / s.multiplier;
    s.in_stride = random_stride(random, s.in_c);
    s.out_stride = random_stride(random, s.channels);
    s.partial_stride = random_stride(random, s.channels);
    s.weight_stride = depthwise ? s.channels : s.kernel_h * s.kernel_w * s.in_c;
    random_quantization(random, s);
    for (int i = 0; i < 4; ++i) {
      WindowCase c(s, random);
      call(avx2_kernels(), s.op, c.args());
      ASSERT_EQ(c.mismatch(), "") << "seed " << seed << " case " << i;
    }
  }
};

TEST_F(Avx2, ConvAnyShape) { check(OpCode::kConv, WindowKind::kAny, 1, 1500); }
TEST_F(Avx2, ConvPointwise) {
  check(OpCode::kConv, WindowKind::kPointwise, 2, 600);
}
TEST_F(Avx2, ConvThreeByThree) {
  check(OpCode::kConv, WindowKind::kThreeByThree, 3, 600);
}
TEST_F(Avx2, ConvFullyConnected) {
  check(OpCode::kConv, WindowKind::kFullyConnected, 4, 400);
}
TEST_F(Avx2, DepthwiseAnyShape) {
  check(OpCode::kDepthwise, WindowKind::kAny, 5, 1500);
}
TEST_F(Avx2, DepthwiseThreeByThree) {
  check(OpCode::kDepthwise, WindowKind::kThreeByThree, 6, 600);
}

TEST_F(Avx2, DepthwiseRowsOfACall) {
  check_rows_of_a_call(avx2_kernels().depthwise, 7, 300);
}

// Several blocks of output channels and of pixels, windows at and beyond what
// is gathered at once.
TEST_F(Avx2, ConvLargeShapes) {
  struct Size {
    int kernel_h, kernel_w, in_c, in_w, channels;
  };
  const Size sizes[] = {
      {1, 1, 24, 150, 40},  {1, 1, 192, 70, 18}, {1, 1, 193, 9, 5},
      {3, 3, 3, 290, 33},   {16, 1, 12, 20, 10}, {16, 1, 11, 20, 17},
      {3, 3, 21, 60, 16},   {1, 1, 2048, 2, 9},  {1, 1, 2049, 3, 6},
      {2, 2, 1030, 2, 130}, {1, 1, 4111, 1, 3},  {7, 1, 600, 4, 300},
      {1, 1, 64, 7, 261},   {1, 1, 5, 5000, 4}};
  uint32_t seed = 100;
  for (const Size& size : sizes) {
    WindowShape s;
    s.kernel_h = size.kernel_h, s.kernel_w = size.kernel_w;
    s.in_c = size.in_c, s.in_w = size.in_w, s.channels = size.channels;
    s.pad_left = size.kernel_w / 2;
    s.x1 = size.in_w;
    check(s, ++seed);
  }
}

TEST_F(Avx2, DepthwiseLargeShapes) {
  struct Size {
    int kernel_h, kernel_w, in_w, channels, multiplier;
  };
  const Size sizes[] = {{8, 8, 9, 64, 1},   {5, 13, 20, 65, 1},
                        {16, 9, 12, 16, 1}, {10, 8, 25, 8, 8},
                        {3, 3, 200, 72, 1}, {3, 3, 7, 200, 1},
                        {1, 1, 50, 130, 1}, {3, 3, 30, 130, 40}};
  uint32_t seed = 200;
  for (const Size& size : sizes) {
    WindowShape s;
    s.op = OpCode::kDepthwise;
    s.kernel_h = size.kernel_h, s.kernel_w = size.kernel_w;
    s.in_w = size.in_w, s.channels = size.channels;
    s.multiplier = size.multiplier;
    s.pad_left = size.kernel_w / 2;
    s.x1 = size.in_w;
    check(s, ++seed);
  }
}

// Replaces bias, multipliers and shifts of random cases by what `pick` draws
// and compares with the portable kernels.
struct Scale {
  int32_t bias, multiplier;
  int shift;
};

template <class Pick>
void compare_scales(OpCode op, uint32_t seed, Pick pick) {
  std::mt19937 random(seed);
  for (int i = 0; i < 150; ++i) {
    WindowCase c(random_window(random, op, WindowKind::kThreeByThree), random);
    c.whole(random);
    std::vector<int32_t> bias, multipliers;
    std::vector<int8_t> shifts;
    for (int o = 0; o < c.shape().channels; ++o) {
      const Scale s = pick(random);
      bias.push_back(s.bias);
      multipliers.push_back(s.multiplier);
      shifts.push_back(static_cast<int8_t>(s.shift));
    }
    ConvArgs a = c.args();
    a.bias = bias.data();
    a.multipliers = multipliers.data();
    a.shifts = shifts.data();
    if (i % 2) a.zero_out = 0;
    std::vector<int8_t> expected(c.expected().size()), got(expected.size());
    for (const KernelSet* set : {&portable_kernels(), &avx2_kernels()}) {
      a.out = set == &avx2_kernels() ? got.data() : expected.data();
      (op == OpCode::kConv ? set->conv : set->depthwise)(a);
    }
    ASSERT_EQ(got, expected) << "seed " << seed << " case " << i;
  }
}

template <class Pick>
void compare_scales(uint32_t seed, Pick pick) {
  compare_scales(OpCode::kConv, seed, pick);
  compare_scales(OpCode::kDepthwise, seed, pick);
}

TEST_F(Avx2, ExtremeScales) {
  compare_scales(301, [](std::mt19937& random) {
    const int32_t biases[] = {kInt32Min, kInt32Max, 0, 1, -1, 1 << 30, -77777};
    const int32_t multipliers[] = {0, 1, 1 << 30, kInt32Max, 1234567890};
    return Scale{biases[random() % 7], multipliers[random() % 5],
                 random_int(random, -31, 30)};
  });
}

// Products that end in halves, on both sides of 0.
TEST_F(Avx2, Ties) {
  compare_scales(302, [](std::mt19937& random) {
    return Scale{random_int(random, -50000, 50000), 1 << 30,
                 random_int(random, -13, -1)};
  });
}

// Around the limits within which the fast requantization is exact.
TEST_F(Avx2, LimitsOfFastScaling) {
  for (const int shift : {0, -1, -20, -21}) {
    for (const int bits : {28, 29, 30}) {
      const auto pick = [&](std::mt19937& random) {
        const int32_t near = (1 << bits) - random_int(random, 0, 2000000);
        const int32_t multiplier =
            random_int(random, 1 << 30, kInt32Max) >> random_int(random, 0, 24);
        return Scale{random() % 2 ? near : -near, multiplier, shift};
      };
      compare_scales(static_cast<uint32_t>(400 + bits - shift), pick);
    }
  }
}

#endif

}  // namespace
}  // namespace shoal
