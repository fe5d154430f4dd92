#define STB_IMAGE_IMPLEMENTATION
#define STB_IMAGE_STATIC
#define STBI_ONLY_PNG
#define STBI_ONLY_JPEG
#define STBI_ONLY_BMP
#define STBI_NO_STDIO
#define STBI_NO_LINEAR
#define STBI_NO_HDR
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wunused-function"
#include <stb/stb_image.h>
#pragma GCC diagnostic pop

#include <memory>

#include "host/base/error.h"
#include "host/image/picture.h"

namespace shoal {

Picture decode_picture(std::span<const uint8_t> file, const std::string& name) {
  constexpr int64_t kMaxPixels = 64 << 20;
  const auto refuse = [&](const std::string& why) -> Picture {
    throw Error(Exit::kCorrupt, name + ": " + why,
                "give a PNG, JPEG or BMP picture, or raw bytes as .bin");
  };
  if (file.size() > (size_t{1} << 30)) return refuse("larger than 1 GB");
  const int size = static_cast<int>(file.size());
  int width = 0, height = 0, channels = 0;
  if (!stbi_info_from_memory(file.data(), size, &width, &height, &channels)) {
    return refuse("not a picture");
  }
  if (width <= 0 || height <= 0 || int64_t{width} * height > kMaxPixels) {
    return refuse("picture of " + std::to_string(width) + " x " +
                  std::to_string(height) + " is too large");
  }
  // No format here packs more than about 1032 bytes into one (deflate's limit),
  // so a small file with a large picture is broken: refuse before allocating.
  if (int64_t{width} * height * 3 > int64_t{size} * 1100 + 4096) {
    return refuse("too short for a picture of " + std::to_string(width) +
                  " x " + std::to_string(height));
  }
  const std::unique_ptr<stbi_uc, void (*)(void*)> pixels(
      stbi_load_from_memory(file.data(), size, &width, &height, &channels, 3),
      stbi_image_free);
  if (!pixels)
    return refuse(std::string("broken picture: ") + stbi_failure_reason());
  Picture picture{width, height, {}};
  const size_t bytes = static_cast<size_t>(width) * height * 3;
  picture.rgb.assign(pixels.get(), pixels.get() + bytes);
  return picture;
}

}  // namespace shoal
