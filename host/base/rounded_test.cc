#include "host/base/rounded.h"

#include <gtest/gtest.h>

#include <cmath>

namespace shoal {
namespace {

TEST(Rounded, NumbersAreRoundedToTheNearest) {
  for (const double number :
       {0.0, 0.49999999999999994, 0.5, 1.5, 2.4999, 1e15, 4503599627370495.5}) {
    EXPECT_EQ(rounded(number), std::llround(number)) << number;
  }
}

}  // namespace
}  // namespace shoal
