#include "host/data/image/testing/pictures.h"

#define STB_IMAGE_WRITE_IMPLEMENTATION
#define STB_IMAGE_WRITE_STATIC
#define STBI_WRITE_NO_STDIO
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wunused-function"
#pragma GCC diagnostic ignored "-Wmissing-field-initializers"
#include <stb/stb_image_write.h>
#pragma GCC diagnostic pop

#include <webp/encode.h>

#include <algorithm>
#include <string>

namespace shoal {
namespace {

void append(void* to, void* data, int bytes) {
  const auto* from = static_cast<const uint8_t*>(data);
  auto& file = *static_cast<PictureFile*>(to);
  file.insert(file.end(), from, from + bytes);
}

}  // namespace

PictureFile make_bmp(int width, int height, const std::vector<uint8_t>& rgb) {
  PictureFile file;
  stbi_write_bmp_to_func(append, &file, width, height, 3, rgb.data());
  return file;
}

PictureFile make_png(int width, int height, const std::vector<uint8_t>& rgb) {
  PictureFile file;
  stbi_write_png_to_func(append, &file, width, height, 3, rgb.data(),
                         width * 3);
  return file;
}

PictureFile make_ppm(int width, int height, const std::vector<uint8_t>& rgb) {
  const std::string head =
      "P6 " + std::to_string(width) + " " + std::to_string(height) + " 255\n";
  PictureFile file(head.begin(), head.end());
  file.insert(file.end(), rgb.begin(), rgb.end());
  return file;
}

PictureFile make_webp(int width, int height, const std::vector<uint8_t>& rgb) {
  uint8_t* bytes = nullptr;
  const size_t size =
      WebPEncodeLosslessRGB(rgb.data(), width, height, width * 3, &bytes);
  const PictureFile file(bytes, bytes + size);
  WebPFree(bytes);
  return file;
}

PictureFile make_gif(int width, int height, uint8_t grey) {
  const auto low = [](int v) { return static_cast<uint8_t>(v); };
  const auto high = [](int v) { return static_cast<uint8_t>(v >> 8); };
  PictureFile file = {'G',  'I',        'F',         '8',         '9',
                      'a',  low(width), high(width), low(height), high(height),
                      0x80, 0,          0,  // two colours
                      grey, grey,       grey,        0,           0,
                      0,    ',',        0,           0,           0,
                      0,    low(width), high(width), low(height), high(height),
                      0,    2};  // codes of 3 bits
  // Every pixel as a code of its own: clear (4), then two pixels of colour 0
  // before each next clear, so that codes never grow; end (5).
  std::vector<int> codes;
  for (int i = 0; i < width * height; ++i) {
    if (i % 2 == 0) codes.push_back(4);
    codes.push_back(0);
  }
  codes.push_back(5);
  PictureFile packed;
  unsigned bits = 0, held = 0;
  for (const int code : codes) {
    bits |= static_cast<unsigned>(code) << held;
    for (held += 3; held >= 8; held -= 8, bits >>= 8) {
      packed.push_back(static_cast<uint8_t>(bits));
    }
  }
  packed.push_back(static_cast<uint8_t>(bits));
  for (size_t at = 0; at < packed.size(); at += 255) {
    const size_t n = std::min<size_t>(255, packed.size() - at);
    file.push_back(static_cast<uint8_t>(n));
    file.insert(file.end(), packed.begin() + static_cast<std::ptrdiff_t>(at),
                packed.begin() + static_cast<std::ptrdiff_t>(at + n));
  }
  file.insert(file.end(), {0, ';'});
  return file;
}

PictureFile make_jpeg(int width, int height, const std::vector<uint8_t>& rgb) {
  PictureFile file;
  stbi_write_jpg_to_func(append, &file, width, height, 3, rgb.data(), 100);
  return file;
}

}  // namespace shoal
