// The arithmetic against the formulas of TensorFlow Lite's reference kernels,
// written out literally, and against real functions.
#include "device/base/fixed_point.h"

#include <gtest/gtest.h>

#include <cmath>
#include <random>
#include <vector>

namespace shoal {
namespace {

// hm of the golden set: a division that cuts towards zero.
int32_t literal_high_mul(int32_t a, int32_t b) {
  if (a == kInt32Min && b == kInt32Min) return kInt32Max;
  const int64_t p = int64_t{a} * b;
  const int64_t nudge = p >= 0 ? int64_t{1} << 30 : 1 - (int64_t{1} << 30);
  return static_cast<int32_t>((p + nudge) / (int64_t{1} << 31));
}

// rd of the golden set, by mask, remainder and threshold.
int32_t literal_round_shift(int32_t v, int n) {
  const int64_t mask = (int64_t{1} << n) - 1;
  const int64_t rest = v & mask;
  const int64_t threshold = (mask >> 1) + (v < 0 ? 1 : 0);
  return static_cast<int32_t>((int64_t{v} >> n) + (rest > threshold ? 1 : 0));
}

int32_t literal_requantize(int32_t v, int32_t m, int s) {
  const int left = s > 0 ? s : 0, right = s > 0 ? 0 : -s;
  const int32_t shifted =
      static_cast<int32_t>(static_cast<uint32_t>(v) << left);
  return literal_round_shift(literal_high_mul(shifted, m), right);
}

// Edges, ties and noise.
std::vector<int32_t> values(uint32_t seed, int noise) {
  std::vector<int32_t> v = {kInt32Min, kInt32Min + 1, kInt32Max, kInt32Max - 1};
  for (int n = 0; n < 31; ++n) {
    for (int d = -2; d <= 2; ++d) {
      v.push_back(static_cast<int32_t>((int64_t{1} << n) + d));
      v.push_back(static_cast<int32_t>(-(int64_t{1} << n) + d));
    }
  }
  std::mt19937 random(seed);
  std::uniform_int_distribution<int32_t> all(kInt32Min, kInt32Max);
  std::uniform_int_distribution<int> shift(0, 31);
  for (int i = 0; i < noise; ++i) v.push_back(all(random) >> shift(random));
  return v;
}

TEST(FixedPoint, HighMulIsTheLiteralFormula) {
  const std::vector<int32_t> all = values(1, 700);
  for (const int32_t a : all) {
    for (const int32_t b : all) {
      ASSERT_EQ(high_mul(a, b), literal_high_mul(a, b)) << a << " * " << b;
    }
  }
}

TEST(FixedPoint, HighMulTies) {
  // x * 2^30 / 2^31 = x / 2.
  EXPECT_EQ(high_mul(1, 1 << 30), 1);
  EXPECT_EQ(high_mul(3, 1 << 30), 2);
  EXPECT_EQ(high_mul(-1, 1 << 30), 0);
  EXPECT_EQ(high_mul(-3, 1 << 30), -1);
  EXPECT_EQ(high_mul(kInt32Min, kInt32Min), kInt32Max);
}

TEST(FixedPoint, RoundShiftIsTheLiteralFormula) {
  for (const int32_t v : values(2, 20000)) {
    for (int n = 0; n <= 31; ++n) {
      ASSERT_EQ(round_shift(v, n), literal_round_shift(v, n))
          << v << " >> " << n;
    }
  }
}

TEST(FixedPoint, RoundShiftTiesGoAwayFromZero) {
  EXPECT_EQ(round_shift(1, 1), 1);
  EXPECT_EQ(round_shift(-1, 1), -1);
  EXPECT_EQ(round_shift(-6, 2), -2);
  EXPECT_EQ(round_shift(-5, 2), -1);
  EXPECT_EQ(round_shift(kInt32Min, 31), -1);
  EXPECT_EQ(round_shift(kInt32Min, 0), kInt32Min);
}

TEST(FixedPoint, RequantizeIsTheLiteralFormula) {
  const std::vector<int32_t> multipliers = {
      0, 1, 1 << 30, (1 << 30) + 1, 1500000000, kInt32Max - 1, kInt32Max};
  for (const int32_t v : values(3, 2000)) {
    for (const int32_t m : multipliers) {
      for (int s = -31; s <= 30; ++s) {
        ASSERT_EQ(requantize(v, m, s), literal_requantize(v, m, s))
            << v << " by " << m << ", " << s;
      }
    }
  }
}

// Double rounding on purpose: 0.75 -> 1 -> ... in two steps.
TEST(FixedPoint, RequantizeRoundsTwice) {
  EXPECT_EQ(requantize(1, 1 << 30, 0), 1);    // 0.5
  EXPECT_EQ(requantize(1, 1 << 30, -1), 1);   // 0.25: 0.5 -> 1, 1/2 -> 1
  EXPECT_EQ(requantize(-1, 1 << 30, -1), 0);  // -0.5 -> 0
}

TEST(FixedPoint, WrapsInsteadOfOverflowing) {
  EXPECT_EQ(wrap_add(kInt32Max, 1), kInt32Min);
  EXPECT_EQ(wrap_sub(kInt32Min, 1), kInt32Max);
  EXPECT_EQ(wrap_mul(1 << 30, 4), 0);
  EXPECT_EQ(wrap_mul(kInt32Min, -1), kInt32Min);
  EXPECT_EQ(saturate(int64_t{kInt32Max} + 1), kInt32Max);
  EXPECT_EQ(saturate(int64_t{kInt32Min} - 1), kInt32Min);
  EXPECT_EQ(saturate(-5), -5);
  EXPECT_EQ(clamp(-200, -128, 127), -128);
  EXPECT_EQ(clamp(200, -128, 127), 127);
  EXPECT_EQ(clamp(7, -128, 127), 7);
}

TEST(FixedPoint, ExpNegativeIsNearTheExponential) {
  for (const int k : {4, 5}) {
    EXPECT_EQ(exp_negative(0, k), kInt32Max);
    for (int64_t a = -1; a >= kInt32Min; a -= 100003) {
      const double want = std::exp(static_cast<double>(a) / std::exp2(31 - k));
      const double got = exp_negative(static_cast<int32_t>(a), k) * 0x1p-31;
      ASSERT_NEAR(got, want, 4e-7) << a << ", " << k;
    }
  }
}

TEST(FixedPoint, ReciprocalIsNear) {
  for (int64_t a = 0; a <= kInt32Max; a += 10007) {
    const double want = 2 / (1 + static_cast<double>(a) * 0x1p-31);
    const double got = reciprocal_one_plus(static_cast<int32_t>(a)) * 0x1p-29;
    ASSERT_NEAR(got, want, 2e-8) << a;
  }
}

// Made from the golden set's formulas in another language.
TEST(FixedPoint, FunctionsToTheBit) {
  const struct {
    int32_t a;
    int k;
    int32_t want;
  } kExp[] = {{-1, 4, 2147483140},        {-12345, 4, 2147285647},
              {-16777216, 4, 1895147668}, {-123456789, 4, 855963115},
              {-987654321, 4, 1368142},   {kInt32Min, 4, 242},
              {-1, 5, 2147483124},        {-12345, 5, 2147088157},
              {-16777216, 5, 1672462419}, {-123456789, 5, 341177383},
              {-987654321, 5, 872},       {kInt32Min, 5, 0}};
  for (const auto& e : kExp) {
    EXPECT_EQ(exp_negative(e.a, e.k), e.want) << e.a << ", " << e.k;
  }
  const int32_t kReciprocal[][2] = {
      {0, 1073741824},       {1, 1073741824},         {12345, 1073735652},
      {1048576, 1073217792}, {1234567890, 681788254}, {kInt32Max, 536870910}};
  for (const auto& r : kReciprocal) {
    EXPECT_EQ(reciprocal_one_plus(r[0]), r[1]) << r[0];
  }
}

TEST(FixedPoint, LeadingZeros) {
  EXPECT_EQ(leading_zeros(0), 32);
  EXPECT_EQ(leading_zeros(1), 31);
  EXPECT_EQ(leading_zeros(0x80000000u), 0);
  EXPECT_EQ(leading_zeros(0x00080000u), 12);
}

}  // namespace
}  // namespace shoal
