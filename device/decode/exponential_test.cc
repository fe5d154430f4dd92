#include "device/decode/exponential.h"

#include <gtest/gtest.h>

#include <cmath>

namespace shoal {
namespace {

TEST(Exponential, IsThatOfTheStandardLibrary) {
  for (double v = -708; v <= 709.7; v += 0.0371) {
    const double expected = std::exp(v);
    EXPECT_NEAR(exponential(v) / expected, 1, 1e-15) << v;
  }
  for (float v = -87; v < 88.7f; v += 0.0113f) {
    EXPECT_FLOAT_EQ(exponential(v), std::exp(v)) << v;
  }
}

TEST(Exponential, EndsWhereNumbersEnd) {
  EXPECT_EQ(exponential(0.0), 1);
  EXPECT_EQ(exponential(-1e300), 0);
  EXPECT_TRUE(std::isinf(exponential(1e300)));
  EXPECT_TRUE(std::isinf(exponential(88.73f)));
  EXPECT_TRUE(std::isfinite(exponential(88.72f)));
  EXPECT_TRUE(std::isnan(exponential(std::nan(""))));
}

}  // namespace
}  // namespace shoal
