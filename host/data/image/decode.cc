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

#include <algorithm>
#include <memory>

#include "host/base/error.h"
#include "host/data/image/picture.h"

namespace shoal {
namespace {

constexpr size_t kMostBytes = size_t{1} << 30;

// Codes of a Huffman table that has more than 256 of them, or 0. stb_image
// writes past the end of such a table, so wherever a JPEG could have one
// (marker, length, then tables: class and number, 16 counts, values) it is
// looked for before stb sees the file.
int too_many_codes(std::span<const uint8_t> file) {
  for (size_t marker = 0; marker + 4 <= file.size(); ++marker) {
    if (file[marker] != 0xFF || file[marker + 1] != 0xC4) continue;
    const size_t length = file[marker + 2] * 256u + file[marker + 3];
    const size_t end = std::min(file.size(), marker + 2 + length);
    for (size_t at = marker + 4; at < end;) {
      if ((file[at] >> 4) > 1 || (file[at] & 15) > 3) break;
      int codes = 0;
      for (size_t i = at + 1; i < std::min(file.size(), at + 17); ++i) {
        codes += file[i];
      }
      if (codes > 256) return codes;
      at += 17 + static_cast<size_t>(codes);
    }
  }
  return 0;
}

// Whether a chunk of a PNG is said to be longer than the file; stb_image
// would allocate what it says.
bool chunk_past_end(std::span<const uint8_t> file) {
  size_t left = file.size() - 8;
  while (left >= 8) {
    const uint8_t* chunk = file.data() + (file.size() - left);
    const uint32_t bytes =
        uint32_t{chunk[0]} << 24 | chunk[1] << 16 | chunk[2] << 8 | chunk[3];
    if (bytes > left - 8) return true;
    left -= std::min<size_t>(left, size_t{bytes} + 12);  // type and CRC, too
  }
  return false;
}

}  // namespace

bool is_picture(std::span<const uint8_t> file) {
  int width = 0, height = 0, channels = 0;
  return file.size() <= kMostBytes &&
         stbi_info_from_memory(file.data(), static_cast<int>(file.size()),
                               &width, &height, &channels) != 0;
}

Picture decode_picture(std::span<const uint8_t> file, const std::string& name) {
  constexpr int64_t kMaxPixels = 64 << 20;
  const auto refuse = [&](const std::string& why) -> Picture {
    throw Error(Exit::kCorrupt, name + ": " + why,
                "give a PNG, JPEG or BMP picture, or raw bytes as .bin");
  };
  if (file.size() > kMostBytes) return refuse("larger than 1 GB");
  const bool jpeg = !file.empty() && file[0] == 0xFF;
  if (const int codes = jpeg ? too_many_codes(file) : 0) {
    return refuse("broken picture: a Huffman table of " +
                  std::to_string(codes) + " codes");
  }
  const bool png = file.size() >= 8 && file[0] == 0x89;
  if (png && chunk_past_end(file)) {
    return refuse("broken picture: a chunk goes on past the end of the file");
  }
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
