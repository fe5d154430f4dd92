// Code that only multiplies 32 bits by 32 gives the result of a long product.
#include "device/kernels/thumb1.h"

#include <gtest/gtest.h>

#include <random>

#include "device/base/fixed_point.h"

namespace shoal {
namespace {

// Any number, or one at an edge of its halves.
int32_t number(std::mt19937& random) {
  const auto v = static_cast<int32_t>(random());
  const auto some = static_cast<int32_t>(random() % 5);
  switch (random() % 6) {
    case 0:
      return v >> (random() % 31);
    case 1:
      return kInt32Min + some;
    case 2:
      return kInt32Max - some;
    case 3:
      return static_cast<int32_t>((bits(v) & 0xFFFF0000u) + bits(some) - 2u);
  }
  return v;
}

TEST(Thumb1, HalvesMultiplyLikeWholeNumbers) {
  std::mt19937 random(1);
  for (int i = 0; i < 200000; ++i) {
    const int32_t v = number(random), m = number(random) & kInt32Max;
    const int right = static_cast<int>(random() % 30);
    ASSERT_EQ(requantize_doubled_by_halves(v, m, right),
              requantize_doubled(v, m, right))
        << v << " " << m << " " << right;
  }
}

}  // namespace
}  // namespace shoal
