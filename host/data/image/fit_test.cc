#include <gtest/gtest.h>

#include "host/data/image/picture.h"

namespace shoal {
namespace {

// Every pixel tells its column (red) and row (green).
Picture coordinates(int width, int height) {
  Picture p{width, height, {}};
  for (int y = 0; y < height; ++y) {
    for (int x = 0; x < width; ++x) {
      p.rgb.insert(p.rgb.end(),
                   {static_cast<uint8_t>(x), static_cast<uint8_t>(y), 200});
    }
  }
  return p;
}

std::vector<uint8_t> pixel_at(const Picture& p, int x, int y) {
  const auto at = p.rgb.begin() + (y * p.width + x) * 3;
  return {at, at + 3};
}

using Pixel = std::vector<uint8_t>;

TEST(Fit, CropTakesTheMiddleOfTheWiderSide) {
  const Picture p = fit(coordinates(20, 10), 10, 10, Fit::kCrop);
  EXPECT_EQ(pixel_at(p, 0, 0), (Pixel{5, 0, 200}));
  EXPECT_EQ(pixel_at(p, 9, 9), (Pixel{14, 9, 200}));
  const Picture tall = fit(coordinates(8, 30), 8, 4, Fit::kCrop);
  EXPECT_EQ(pixel_at(tall, 0, 0), (Pixel{0, 13, 200}));
  EXPECT_EQ(pixel_at(tall, 7, 3), (Pixel{7, 16, 200}));
}

TEST(Fit, LetterboxKeepsAllOfItBetweenGrey) {
  const Picture p = fit(coordinates(10, 4), 10, 10, Fit::kLetterbox);
  const Pixel grey(3, kBorderGrey);
  EXPECT_EQ(pixel_at(p, 0, 2), grey);
  EXPECT_EQ(pixel_at(p, 0, 3), (Pixel{0, 0, 200}));
  EXPECT_EQ(pixel_at(p, 9, 6), (Pixel{9, 3, 200}));
  EXPECT_EQ(pixel_at(p, 9, 7), grey);
}

TEST(Fit, StretchIsAResize) {
  const Picture p = coordinates(9, 5);
  EXPECT_EQ(fit(p, 4, 7, Fit::kStretch).rgb, resize(p, 4, 7).rgb);
}

TEST(Fit, ALinesPictureKeepsAPixel) {
  EXPECT_EQ(fit(coordinates(200, 1), 8, 8, Fit::kLetterbox).rgb.size(), 192u);
  EXPECT_EQ(fit(coordinates(1, 200), 8, 8, Fit::kCrop).rgb.size(), 192u);
}

// A mark at an input's pixel goes to the place from which that pixel came.
TEST(Fit, PlacementLeadsBackToThePicture) {
  const Placement whole = placement_of(100, 50, 10, 10, Fit::kStretch);
  EXPECT_EQ(whole.left, 0);
  EXPECT_EQ(whole.columns, 10);
  EXPECT_EQ(whole.rows, 5);
  const Placement middle = placement_of(100, 50, 10, 10, Fit::kCrop);
  EXPECT_EQ(middle.left, 25);
  EXPECT_EQ(middle.top, 0);
  EXPECT_EQ(middle.columns, 5);
  const Placement framed = placement_of(100, 40, 10, 10, Fit::kLetterbox);
  EXPECT_EQ(framed.columns, 10);
  EXPECT_EQ(framed.rows, 10);
  EXPECT_EQ(framed.left, 0);
  EXPECT_EQ(framed.top + 3 * framed.rows, 0);
}

}  // namespace
}  // namespace shoal
