#include "host/data/image/draw.h"

#include <algorithm>
#include <cmath>

#define STB_IMAGE_WRITE_IMPLEMENTATION
#define STB_IMAGE_WRITE_STATIC
#define STBI_WRITE_NO_STDIO
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wunused-function"
#pragma GCC diagnostic ignored "-Wmissing-field-initializers"
#include <stb/stb_easy_font.h>
#include <stb/stb_image_write.h>
#pragma GCC diagnostic pop

namespace shoal {
namespace {

// Pixels [from, to) along an axis.
struct PixelRange {
  int from = 0, to = 0;
};
PixelRange clipped(double from, double to, int length) {
  const auto at = [&](double v) {
    if (!(v > 0)) return 0;  // what is no number, too
    return static_cast<int>(std::lround(std::min<double>(v, length)));
  };
  return {at(from), at(to)};
}

void fill(Picture& p, const Rectangle& r, Colour colour) {
  const PixelRange columns = clipped(r.left, r.right, p.width);
  const PixelRange rows = clipped(r.top, r.bottom, p.height);
  for (int y = rows.from; y < rows.to; ++y) {
    for (int x = columns.from; x < columns.to; ++x) {
      std::ranges::copy(
          colour,
          p.rgb.begin() + (static_cast<std::ptrdiff_t>(y) * p.width + x) * 3);
    }
  }
}

// Lines that are seen on a large picture as well as on a small one.
double line_width(const Picture& p) {
  return std::max(1, std::min(p.width, p.height) / 200);
}

// A corner of stb_easy_font's rectangles.
struct Vertex {
  float x, y, z;
  uint8_t colour[4];
};

void draw_text(Picture& p, double left, double top, double scale,
               const std::string& text, Colour colour) {
  std::string line = text.substr(0, 60);  // about 270 bytes of vertices each
  std::array<Vertex, 4 * 60 * 20> corners;
  const int count = stb_easy_font_print(0, 0, line.data(), nullptr,
                                        corners.data(), sizeof corners);
  for (int i = 0; i < count; ++i) {
    const Vertex* const v = &corners[static_cast<size_t>(i) * 4];
    fill(p,
         {left + v[0].x * scale, top + v[0].y * scale, left + v[2].x * scale,
          top + v[2].y * scale},
         colour);
  }
}

void append(void* to, void* data, int bytes) {
  const auto* from = static_cast<const uint8_t*>(data);
  auto& file = *static_cast<std::vector<uint8_t>*>(to);
  file.insert(file.end(), from, from + bytes);
}

}  // namespace

Colour colour_of(int index) {
  // Hues a golden angle apart.
  const double hue = std::fmod(0.33 + index * 0.6180339887498949, 1.0) * 6;
  Colour colour;
  for (size_t c = 0; c < colour.size(); ++c) {
    const double k = std::fmod(5 - 2 * static_cast<double>(c) + hue, 6);
    const double part = std::clamp(std::min(k, 4 - k), 0.0, 1.0);
    colour[c] = static_cast<uint8_t>(std::lround(255 * (1 - 0.85 * part)));
  }
  return colour;
}

void draw_box(Picture& p, const Rectangle& r, Colour colour,
              const std::string& text) {
  const double w = line_width(p);
  fill(p, {r.left, r.top, r.right, r.top + w}, colour);
  fill(p, {r.left, r.bottom - w, r.right, r.bottom}, colour);
  fill(p, {r.left, r.top, r.left + w, r.bottom}, colour);
  fill(p, {r.right - w, r.top, r.right, r.bottom}, colour);
  if (text.empty()) return;
  const double scale = w;
  std::string line = text;
  const double width = stb_easy_font_width(line.data()) * scale;
  const double height = 11 * scale;
  const double left = std::clamp(r.left, 0.0, std::max(0.0, p.width - width));
  const double top = std::max(0.0, r.top - height);
  fill(p, {left, top, left + width + 2 * scale, top + height}, colour);
  draw_text(p, left + scale, top + 2 * scale, scale, line, {0, 0, 0});
}

void draw_point(Picture& p, double x, double y, Colour colour) {
  const double r = line_width(p) * 2;
  fill(p, {x - r, y - r, x + r, y + r}, {0, 0, 0});
  fill(p, {x - r * 0.6, y - r * 0.6, x + r * 0.6, y + r * 0.6}, colour);
}

void draw_mask(Picture& p, const Rectangle& area, int columns,
               std::span<const int> classes) {
  if (columns <= 0 || classes.empty()) return;
  const int rows = static_cast<int>(classes.size()) / columns;
  const double sx = (area.right - area.left) / columns;
  const double sy = (area.bottom - area.top) / rows;
  for (int y = 0; y < p.height; ++y) {
    const double row = std::floor((y + 0.5 - area.top) / sy);
    if (!(row >= 0 && row < rows)) continue;
    for (int x = 0; x < p.width; ++x) {
      const double column = std::floor((x + 0.5 - area.left) / sx);
      if (!(column >= 0 && column < columns)) continue;
      const int index = classes[static_cast<size_t>(row) * columns +
                                static_cast<size_t>(column)];
      if (index == 0) continue;
      const Colour colour = colour_of(index);
      uint8_t* const at = &p.rgb[(static_cast<size_t>(y) * p.width + x) * 3];
      for (size_t c = 0; c < 3; ++c) {
        at[c] = static_cast<uint8_t>((at[c] + colour[c] + 1) / 2);
      }
    }
  }
}

std::vector<uint8_t> encode_png(const Picture& p) {
  std::vector<uint8_t> file;
  stbi_write_png_to_func(append, &file, p.width, p.height, 3, p.rgb.data(),
                         p.width * 3);
  return file;
}

}  // namespace shoal
