#include "host/data/task/overlap.h"

#include <gtest/gtest.h>

#include <limits>

namespace shoal {
namespace {

TEST(Boxes, IntersectionOverUnion) {
  const Detection a{0, 0, 10, 10}, b{5, 0, 15, 10}, far{20, 20, 30, 30};
  EXPECT_FLOAT_EQ(intersection_over_union(a, a), 1);
  EXPECT_FLOAT_EQ(intersection_over_union(a, b), 50.f / 150);
  EXPECT_EQ(intersection_over_union(a, far), 0);
  const Detection empty{3, 3, 3, 3}, turned{10, 10, 0, 0};
  EXPECT_EQ(intersection_over_union(empty, empty), 0);
  EXPECT_EQ(intersection_over_union(turned, a), 0);
}

TEST(Boxes, TheStrongestOfAThingStays) {
  const float nan = std::numeric_limits<float>::quiet_NaN();
  const std::vector<Detection> kept =
      strongest({{0, 0, 10, 10, 1, 0.5f},
                 {1, 0, 11, 10, 1, 0.9f},    // the same, stronger
                 {1, 0, 11, 10, 2, 0.6f},    // of another class
                 {50, 50, 60, 60, 1, 0.4f},  // somewhere else
                 {70, 70, 80, 80, 1, 0.1f},  // too weak
                 {90, 90, 99, 99, 1, nan}},
                0.25f, 0.45f, 10);
  ASSERT_EQ(kept.size(), 3u);
  EXPECT_EQ(kept[0].score, 0.9f);
  EXPECT_EQ(kept[1].index, 2);
  EXPECT_EQ(kept[2].left, 50);
  EXPECT_EQ(strongest(kept, 0, 1, 2).size(), 2u);
}

}  // namespace
}  // namespace shoal
