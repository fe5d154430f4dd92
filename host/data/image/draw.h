// Marks on a picture, for people. Coordinates are pixels of the picture and may
// lie outside of it.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "host/data/image/picture.h"

namespace shoal {

using Colour = std::array<uint8_t, 3>;
// Returns the colour of a class or point; neighbours differ.
Colour colour_of(int index);

struct Rectangle {
  double left = 0, top = 0, right = 0, bottom = 0;
};
// Its border, and the text (ASCII) above its left corner.
void draw_box(Picture&, const Rectangle&, Colour, const std::string& text);
void draw_point(Picture&, double x, double y, Colour);

// A mask of places (rows first) over the part of the picture that `area` is:
// half of each pixel becomes its class's colour, except for class 0.
void draw_mask(Picture&, const Rectangle& area, int columns,
               std::span<const int> classes);

// Returns the bytes of a PNG file.
std::vector<uint8_t> encode_png(const Picture&);

}  // namespace shoal
