#include "host/data/image/orientation.h"

#include <gtest/gtest.h>

namespace shoal {
namespace {

// A block of EXIF with one entry; `orientation` as it is in the file.
std::vector<uint8_t> exif(uint8_t orientation) {
  return {'E', 'x',  'i', 'f', 0, 0,        // kind
          'M', 'M',  0,   42,  0, 0, 0, 8,  // most significant byte first
          0,   1,                           // one entry:
          1,   0x12, 0,   3,   0, 0, 0, 1, 0, orientation, 0, 0,  //
          0,   0,    0,   0};  // no more directories
}

TEST(Orientation, IsReadFromExif) {
  for (uint8_t o = 1; o <= 8; ++o) EXPECT_EQ(exif_orientation(exif(o)), o);
}

TEST(Orientation, IsUprightWhereNothingIsSaid) {
  EXPECT_EQ(exif_orientation({}), 1);
  EXPECT_EQ(exif_orientation(exif(0)), 1);
  EXPECT_EQ(exif_orientation(exif(9)), 1);
  const std::vector<uint8_t> whole = exif(6);
  for (size_t n = 0; n < whole.size(); ++n) {
    const int o = exif_orientation({whole.data(), n});
    EXPECT_TRUE(o == 1 || o == 6) << n;
  }
}

// A picture of 3 x 2 whose pixels are a b c / d e f, seen upright.
std::string seen(int orientation) {
  Picture p{3, 2, {}};
  for (const char c : {'a', 'b', 'c', 'd', 'e', 'f'}) {
    p.rgb.insert(p.rgb.end(), 3, static_cast<uint8_t>(c));
  }
  const Picture up = upright(p, orientation);
  std::string text;
  for (int y = 0; y < up.height; ++y) {
    if (y > 0) text += '/';
    for (int x = 0; x < up.width; ++x) {
      text +=
          static_cast<char>(up.rgb[static_cast<size_t>(y * up.width + x) * 3]);
    }
  }
  return text;
}

// EXIF 2.3, table of "Orientation": where row 0 and column 0 of the file are
// in what is seen.
TEST(Orientation, TurnsAndMirrors) {
  EXPECT_EQ(seen(1), "abc/def");
  EXPECT_EQ(seen(2), "cba/fed");   // top, right
  EXPECT_EQ(seen(3), "fed/cba");   // bottom, right
  EXPECT_EQ(seen(4), "def/abc");   // bottom, left
  EXPECT_EQ(seen(5), "ad/be/cf");  // left, top
  EXPECT_EQ(seen(6), "da/eb/fc");  // right, top
  EXPECT_EQ(seen(7), "fc/eb/da");  // right, bottom
  EXPECT_EQ(seen(8), "cf/be/ad");  // left, bottom
}

}  // namespace
}  // namespace shoal
