#include <algorithm>
#include <cmath>

#include "host/data/image/picture.h"

namespace shoal {
namespace {

// Pixels of `side` that a picture of `length` takes when all of it is drawn
// `scale` times smaller.
int shrunk(int length, double scale, int side) {
  return std::clamp(static_cast<int>(std::lround(length / scale)), 1, side);
}

struct Region {
  int left = 0, top = 0, width = 0, height = 0;
};

// Returns the largest part of the picture with the input's aspect ratio, its
// middle.
Region middle(int width, int height, int to_width, int to_height) {
  const double scale = std::min(static_cast<double>(width) / to_width,
                                static_cast<double>(height) / to_height);
  const int w = shrunk(to_width, 1 / scale, width);
  const int h = shrunk(to_height, 1 / scale, height);
  return {(width - w) / 2, (height - h) / 2, w, h};
}

// Returns the part of the input that shows the whole picture.
Region inside(int width, int height, int to_width, int to_height) {
  const double scale = std::max(static_cast<double>(width) / to_width,
                                static_cast<double>(height) / to_height);
  const int w = shrunk(width, scale, to_width);
  const int h = shrunk(height, scale, to_height);
  return {(to_width - w) / 2, (to_height - h) / 2, w, h};
}

// Copies the region of `from` that begins at (left, top) and is as large as
// `to` is, or that of `to` which `from` fills.
void copy_rows(const Picture& from, int from_left, int from_top, Picture& to,
               int to_left, int to_top, int width, int height) {
  for (int y = 0; y < height; ++y) {
    const size_t source =
        (static_cast<size_t>(from_top + y) * from.width + from_left) * 3;
    const size_t target =
        (static_cast<size_t>(to_top + y) * to.width + to_left) * 3;
    std::copy_n(from.rgb.begin() + static_cast<std::ptrdiff_t>(source),
                width * 3,
                to.rgb.begin() + static_cast<std::ptrdiff_t>(target));
  }
}

Picture blank(int width, int height) {
  const size_t bytes = static_cast<size_t>(width) * height * 3;
  return {width, height, std::vector<uint8_t>(bytes, kBorderGrey)};
}

}  // namespace

Placement placement_of(int width, int height, int to_width, int to_height,
                       Fit way) {
  Region of_picture{0, 0, width, height};
  Region of_input{0, 0, to_width, to_height};
  if (way == Fit::kCrop)
    of_picture = middle(width, height, to_width, to_height);
  if (way == Fit::kLetterbox) {
    of_input = inside(width, height, to_width, to_height);
  }
  Placement p;
  p.columns = static_cast<double>(of_picture.width) / of_input.width;
  p.rows = static_cast<double>(of_picture.height) / of_input.height;
  p.left = of_picture.left - of_input.left * p.columns;
  p.top = of_picture.top - of_input.top * p.rows;
  return p;
}

Picture fit(const Picture& picture, int width, int height, Fit way) {
  if (way == Fit::kStretch) return resize(picture, width, height);
  if (way == Fit::kCrop) {
    const Region r = middle(picture.width, picture.height, width, height);
    Picture part = blank(r.width, r.height);
    copy_rows(picture, r.left, r.top, part, 0, 0, r.width, r.height);
    return resize(part, width, height);
  }
  const Region r = inside(picture.width, picture.height, width, height);
  const Picture whole = resize(picture, r.width, r.height);
  Picture framed = blank(width, height);
  copy_rows(whole, 0, 0, framed, r.left, r.top, r.width, r.height);
  return framed;
}

}  // namespace shoal
