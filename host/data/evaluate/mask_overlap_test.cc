#include "host/data/evaluate/mask_overlap.h"

#include <gtest/gtest.h>
#include <png.h>

#include "host/base/error.h"
#include "host/base/testing/expect_throws.h"

namespace shoal {
namespace {

// `format`: PNG_FORMAT_GRAY, PNG_FORMAT_RGB, or PNG_FORMAT_RGB_COLORMAP.
std::vector<uint8_t> png_of(int width, int height,
                            const std::vector<uint8_t>& values,
                            png_uint_32 format = PNG_FORMAT_GRAY) {
  png_image image{};
  image.version = PNG_IMAGE_VERSION;
  image.width = static_cast<png_uint_32>(width);
  image.height = static_cast<png_uint_32>(height);
  image.format = format;
  image.colormap_entries = 4;
  // Colours that are no grey, so that a palette stays one.
  const uint8_t colours[] = {0, 0, 0, 128, 0, 0, 0, 128, 0, 0, 0, 200};
  png_alloc_size_t size = 0;
  std::vector<uint8_t> file(100000);
  size = file.size();
  EXPECT_NE(png_image_write_to_memory(&image, file.data(), &size, 0,
                                      values.data(), 0, colours),
            0)
      << image.message;
  file.resize(size);
  return file;
}

TEST(ClassMaps, ValuesAreClasses) {
  const std::vector<uint8_t> values = {0, 1, 255, 17, 2, 3};
  const ClassMap grey = decode_class_map(png_of(3, 2, values), "m.png");
  EXPECT_EQ(grey.width, 3);
  EXPECT_EQ(grey.height, 2);
  EXPECT_EQ(grey.classes, values);
  // Places in a palette, which libpng writes with two bits each.
  const std::vector<uint8_t> places = {0, 1, 2, 3, 3, 1};
  EXPECT_EQ(
      decode_class_map(png_of(3, 2, places, PNG_FORMAT_RGB_COLORMAP), "m.png")
          .classes,
      places);
}

TEST(ClassMaps, OtherFilesAreRefused) {
  const auto refused = [](const std::vector<uint8_t>& file, const char* what) {
    expect_throws([&] { decode_class_map(file, "m.png"); }, Exit::kCorrupt,
                  what);
  };
  refused({}, "m.png: is cut off");
  refused({'x', 'y', 'z', 0, 0, 0, 0, 0, 0}, "m.png: Not a PNG file");
  refused(png_of(1, 1, {1, 2, 3}, PNG_FORMAT_RGB), "has colours");
}

TEST(ClassMaps, DamagedFiles) {
  std::vector<uint8_t> values(64);
  for (size_t i = 0; i < values.size(); ++i) {
    values[i] = static_cast<uint8_t>(i * 7);
  }
  const std::vector<uint8_t> file = png_of(8, 8, values);
  int refused = 0;
  const auto look = [&](const std::vector<uint8_t>& bytes) {
    try {
      const ClassMap map = decode_class_map(bytes, "m.png");
      EXPECT_EQ(map.classes.size(), static_cast<size_t>(map.width) *
                                        static_cast<size_t>(map.height));
    } catch (const Error& e) {
      EXPECT_EQ(e.code(), Exit::kCorrupt) << e.what();
      ++refused;
    }
  };
  for (size_t n = 0; n < file.size(); ++n) {
    look({file.begin(), file.begin() + static_cast<std::ptrdiff_t>(n)});
    std::vector<uint8_t> flipped = file;
    flipped[n] ^= static_cast<uint8_t>(1 << n % 8);
    look(flipped);
  }
  EXPECT_GT(refused, static_cast<int>(file.size()));
}

TEST(MaskOverlaps, WorkedOutByHand) {
  // Class 0: 2 right of 3 + 1; class 1: 1 of 2 + 2; class 2: said alone.
  const MaskCounts counts = {
      {{0, 0}, 2}, {{0, 1}, 1}, {{1, 1}, 1}, {{1, 2}, 1}};
  const MaskOverlap m = mask_overlap(counts, 1);
  ASSERT_EQ(m.classes.size(), 3u);
  EXPECT_NEAR(m.classes[0].overlap(), 2.0 / 3, 1e-12);
  EXPECT_NEAR(m.classes[1].overlap(), 1.0 / 3, 1e-12);
  EXPECT_EQ(m.classes[2].overlap(), 0);
  EXPECT_NEAR(m.mean(), 1.0 / 3, 1e-12);
  EXPECT_EQ(m.pixels, 5);
  EXPECT_EQ(m.right, 3);
  EXPECT_EQ(mask_overlap({}, 0).mean(), 0);
}

TEST(MaskOverlaps, PixelsOfTheTruthFallOnPlacesOfTheMask) {
  HeadFindings said;
  said.mask_width = said.mask_height = 2;
  said.mask = {0, 1, 2, 3};
  const ClassMap truth{4, 2, {0, 0, 1, 255, 2, 2, 2, 3}};
  // An input of 8 x 8 pixels, stretched from 4 x 2.
  EXPECT_EQ(
      compare_mask(truth, said, 8, 8, {0, 0, 0.5, 0.25}),
      (MaskCounts{
          {{0, 0}, 2}, {{1, 1}, 1}, {{2, 2}, 2}, {{2, 3}, 1}, {{3, 3}, 1}}));
  // Its middle alone is seen: columns 1 and 2.
  EXPECT_EQ(compare_mask(truth, said, 8, 8, {1, 0, 0.25, 0.25}),
            (MaskCounts{{{0, 0}, 1}, {{1, 1}, 1}, {{2, 2}, 1}, {{2, 3}, 1}}));
}

}  // namespace
}  // namespace shoal
