#include "host/data/image/draw.h"

#include <gtest/gtest.h>

#include <limits>
#include <set>

namespace shoal {
namespace {

Picture black(int width, int height) {
  return {width, height,
          std::vector<uint8_t>(static_cast<size_t>(width) * height * 3)};
}

Colour pixel(const Picture& p, int x, int y) {
  const size_t at = (static_cast<size_t>(y) * p.width + x) * 3;
  return {p.rgb[at], p.rgb[at + 1], p.rgb[at + 2]};
}

constexpr Colour kBlack = {0, 0, 0}, kRed = {255, 0, 0};

TEST(Draw, ABoxHasABorderAndNothingInside) {
  Picture p = black(20, 20);
  draw_box(p, {5, 6, 15, 16}, kRed, "");
  EXPECT_EQ(pixel(p, 5, 6), kRed);
  EXPECT_EQ(pixel(p, 14, 15), kRed);
  EXPECT_EQ(pixel(p, 5, 10), kRed);
  EXPECT_EQ(pixel(p, 10, 10), kBlack);
  EXPECT_EQ(pixel(p, 4, 6), kBlack);
  EXPECT_EQ(pixel(p, 15, 6), kBlack);
}

TEST(Draw, ItsTextIsAboveIt) {
  Picture p = black(100, 60);
  draw_box(p, {10, 30, 60, 50}, kRed, "cat 0.91");
  EXPECT_EQ(pixel(p, 10, 20), kRed);
  std::set<Colour> colours;
  for (int x = 10; x < 60; ++x) {
    for (int y = 19; y < 30; ++y) colours.insert(pixel(p, x, y));
  }
  EXPECT_EQ(colours, (std::set<Colour>{kBlack, kRed}));
}

TEST(Draw, AMaskTintsItsPlaces) {
  Picture p = black(4, 4);
  const int classes[] = {0, 1, 0, 2};  // 2 x 2 places
  draw_mask(p, {0, 0, 4, 4}, 2, classes);
  EXPECT_EQ(pixel(p, 0, 0), kBlack);
  EXPECT_NE(pixel(p, 3, 0), kBlack);
  EXPECT_EQ(pixel(p, 2, 1), pixel(p, 3, 0));
  EXPECT_NE(pixel(p, 3, 3), pixel(p, 3, 0));
}

TEST(Draw, WhatLiesOutsideIsCutOff) {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  const double far = std::numeric_limits<double>::infinity();
  for (const double v : {-1e300, 1e300, nan, far, -far}) {
    Picture p = black(8, 8);
    draw_box(p, {v, v, v, v}, kRed, "x");
    draw_box(p, {-5, -5, v, v}, kRed, std::string(1000, 'w'));
    draw_point(p, v, v, kRed);
    draw_mask(p, {v, 0, v, v}, 1, std::vector<int>{1});
    EXPECT_EQ(p.rgb.size(), 192u);
  }
}

TEST(Draw, NeighboursDiffer) {
  for (int i = 0; i < 100; ++i) EXPECT_NE(colour_of(i), colour_of(i + 1));
}

TEST(Draw, APngHoldsItsPixels) {
  Picture p = black(7, 3);
  draw_point(p, 3, 1, kRed);
  EXPECT_EQ(decode_picture(encode_png(p), "x").rgb, p.rgb);
}

}  // namespace
}  // namespace shoal
