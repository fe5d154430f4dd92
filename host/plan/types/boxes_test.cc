#include "host/plan/types/boxes.h"

#include <gtest/gtest.h>

#include <random>

namespace shoal {
namespace {

Box random_box(std::mt19937& random) {
  Box b;
  const auto pick = [&](int& lo, int& hi) {
    lo = static_cast<int>(random() % 6);
    hi = lo + static_cast<int>(random() % 4);
  };
  pick(b.y0, b.y1);
  pick(b.x0, b.x1);
  pick(b.c0, b.c1);
  return b;
}

bool holds(const Box& b, int y, int x, int c) {
  return b.y0 <= y && y < b.y1 && b.x0 <= x && x < b.x1 && b.c0 <= c &&
         c < b.c1;
}

TEST(Boxes, WhatIsLeftIsDisjointAndComplete) {
  std::mt19937 random(1);
  for (int i = 0; i < 2000; ++i) {
    const Box a = random_box(random), b = random_box(random);
    const std::vector<Box> rest = without(a, b);
    for (int y = 0; y < 9; ++y) {
      for (int x = 0; x < 9; ++x) {
        for (int c = 0; c < 9; ++c) {
          int times = 0;
          for (const Box& r : rest) times += holds(r, y, x, c);
          ASSERT_EQ(times, holds(a, y, x, c) && !holds(b, y, x, c));
        }
      }
    }
  }
}

TEST(Boxes, AHullHoldsBothAndNoEmptyOne) {
  const Box a{1, 2, 3, 4, 0, 2}, b{4, 5, 0, 1, 1, 3};
  EXPECT_EQ(hull(a, b), (Box{1, 5, 0, 4, 0, 3}));
  EXPECT_EQ(hull(a, Box{}), a);
  EXPECT_EQ(hull(Box{7, 7, 0, 9, 0, 9}, b), b);
}

}  // namespace
}  // namespace shoal
