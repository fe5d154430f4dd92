#define STB_IMAGE_IMPLEMENTATION
#define STB_IMAGE_STATIC
#define STBI_ONLY_PNG
#define STBI_ONLY_JPEG
#define STBI_ONLY_BMP
#define STBI_ONLY_GIF
#define STBI_NO_STDIO
#define STBI_NO_LINEAR
#define STBI_NO_HDR
// Tables that a broken file does not define are read all the same: they are
// zeros, always, and what is asserted of them does not hold.
#define STBI_MALLOC(bytes) std::calloc(1, bytes)
#define STBI_REALLOC(at, bytes) std::realloc(at, bytes)
#define STBI_FREE(at) std::free(at)
#define STBI_ASSERT(holds) static_cast<void>(0)
#include <cstdlib>
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wunused-function"
#include <stb/stb_image.h>
#pragma GCC diagnostic pop

#include <algorithm>
#include <cstddef>
#include <memory>

#include "host/base/error.h"
#include "host/data/image/orientation.h"
#include "host/data/image/picture.h"
#include "host/data/image/pnm.h"
#include "host/data/image/webp.h"

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

// Returns whether a chunk of a PNG is said to be longer than the file;
// stb_image would allocate that length.
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

[[noreturn]] void refuse(const std::string& name, const std::string& why) {
  throw Error(Exit::kCorrupt, name + ": " + why,
              "give a PNG, JPEG, BMP, GIF, PNM or WebP picture, or the input's "
              "values as .bin or .npy");
}

void check_size(int64_t width, int64_t height, const std::string& name) {
  constexpr int64_t kMaxPixels = 64 << 20;
  if (width > 0 && height > 0 && width * height <= kMaxPixels) return;
  const std::string size =
      "picture of " + std::to_string(width) + " x " + std::to_string(height);
  if (width <= 0 || height <= 0) refuse(name, size + " is empty");
  throw Error(Exit::kCorrupt, name + ": " + size + " is too large",
              "give a picture of at most 67,108,864 pixels");
}

// Returns the most bytes of pixels that one byte of such a file can stand for:
// a code of 12 bits is up to 4096 pixels in a GIF, deflate's limit is 1032, and
// a PNG may make three bytes out of one. A small file with a large picture is
// broken and is refused before anything is allocated.
int64_t most_packed(std::span<const uint8_t> file) {
  return file[0] == 'G' ? 3 * 2731 : 3 * 1032;
}

// The file for stb_image, which takes bytes behind its end as zeros.
struct PictureBytes {
  std::span<const uint8_t> file;
  size_t at = 0;
  bool ends_too_early = false;

  static int read(void* user, char* to, int most) {
    auto& of = *static_cast<PictureBytes*>(user);
    const size_t count = std::min(of.file.size() - of.at,
                                  static_cast<size_t>(std::max(most, 0)));
    if (count == 0 && most > 0) of.ends_too_early = true;
    std::copy_n(of.file.begin() + static_cast<std::ptrdiff_t>(of.at), count,
                to);
    of.at += count;
    return static_cast<int>(count);
  }
  static void skip(void* user, int count) {
    auto& of = *static_cast<PictureBytes*>(user);
    const int64_t to = static_cast<int64_t>(of.at) + count;
    of.at = static_cast<size_t>(
        std::clamp<int64_t>(to, 0, static_cast<int64_t>(of.file.size())));
  }
  static int is_at_end(void* user) {
    const auto& of = *static_cast<PictureBytes*>(user);
    return of.at == of.file.size() ? 1 : 0;
  }
};

Picture decode_stb(std::span<const uint8_t> file, const std::string& name) {
  const bool jpeg = !file.empty() && file[0] == 0xFF;
  if (const int codes = jpeg ? too_many_codes(file) : 0) {
    refuse(name, "broken picture: a Huffman table of " + std::to_string(codes) +
                     " codes");
  }
  const bool png = file.size() >= 8 && file[0] == 0x89;
  if (png && chunk_past_end(file)) {
    refuse(name, "broken picture: a chunk goes on past the end of the file");
  }
  const int size = static_cast<int>(file.size());
  int width = 0, height = 0, channels = 0;
  if (!stbi_info_from_memory(file.data(), size, &width, &height, &channels)) {
    refuse(name, "not a picture");
  }
  check_size(width, height, name);
  if (int64_t{width} * height * 3 > int64_t{size} * most_packed(file) + 4096) {
    refuse(name, "too short for a picture of " + std::to_string(width) + " x " +
                     std::to_string(height));
  }
  PictureBytes bytes_of{file};
  const stbi_io_callbacks calls{PictureBytes::read, PictureBytes::skip,
                                PictureBytes::is_at_end};
  const std::unique_ptr<stbi_uc, void (*)(void*)> pixels(
      stbi_load_from_callbacks(&calls, &bytes_of, &width, &height, &channels,
                               3),
      stbi_image_free);
  if (bytes_of.ends_too_early) {
    refuse(name, "broken picture: the file ends before all pixels were there");
  }
  if (!pixels) {
    refuse(name, std::string("broken picture: ") + stbi_failure_reason());
  }
  Picture picture{width, height, {}};
  const size_t bytes = static_cast<size_t>(width) * height * 3;
  picture.rgb.assign(pixels.get(), pixels.get() + bytes);
  return jpeg ? upright(std::move(picture), exif_orientation(file)) : picture;
}

Picture decode_pnm(std::span<const uint8_t> file, const std::string& name) {
  const std::optional<PnmHead> head = pnm_head(file);
  if (!head) refuse(name, "broken picture: a PNM without its three numbers");
  check_size(head->width, head->height, name);
  std::optional<Picture> picture = read_pnm(file, *head);
  if (!picture) refuse(name, "broken picture: a PNM that ends too early");
  return *std::move(picture);
}

Picture decode_webp(std::span<const uint8_t> file, const std::string& name) {
  const std::optional<PictureSize> size = webp_size(file);
  if (!size) refuse(name, "broken picture: not a still WebP");
  check_size(size->width, size->height, name);
  std::optional<Picture> picture = read_webp(file);
  if (!picture) refuse(name, "broken picture: WebP data that end too early");
  return *std::move(picture);
}

}  // namespace

bool is_picture(std::span<const uint8_t> file) {
  if (is_webp(file) || is_pnm(file)) return true;
  int width = 0, height = 0, channels = 0;
  return file.size() <= kMostBytes &&
         stbi_info_from_memory(file.data(), static_cast<int>(file.size()),
                               &width, &height, &channels) != 0;
}

Picture decode_picture(std::span<const uint8_t> file, const std::string& name) {
  if (file.size() > kMostBytes) refuse(name, "larger than 1 GB");
  if (is_pnm(file)) return decode_pnm(file, name);
  return is_webp(file) ? decode_webp(file, name) : decode_stb(file, name);
}

}  // namespace shoal
