#include "tests/pictures.h"

#define STB_IMAGE_WRITE_IMPLEMENTATION
#define STB_IMAGE_WRITE_STATIC
#define STBI_WRITE_NO_STDIO
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wunused-function"
#pragma GCC diagnostic ignored "-Wmissing-field-initializers"
#include <stb/stb_image_write.h>
#pragma GCC diagnostic pop

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

PictureFile make_jpeg(int width, int height, const std::vector<uint8_t>& rgb) {
  PictureFile file;
  stbi_write_jpg_to_func(append, &file, width, height, 3, rgb.data(), 100);
  return file;
}

}  // namespace shoal
