#include "host/data/evaluate/class_map.h"

#include <png.h>

#include <csetjmp>
#include <cstring>

#include "host/base/error.h"
#include "host/base/printable.h"

namespace shoal {
namespace {

constexpr int64_t kMostPixels = 64'000'000;

struct PackedBytes {
  std::span<const uint8_t> left;
};

void read_bytes(png_structp png, png_bytep to, size_t count) {
  auto& source = *static_cast<PackedBytes*>(png_get_io_ptr(png));
  if (count > source.left.size()) png_error(png, "is cut off");
  std::memcpy(to, source.left.data(), count);
  source.left = source.left.subspan(count);
}

struct Reading {
  char why[128] = "is no PNG file";
};

[[noreturn]] void keep_error(png_structp png, png_const_charp text) {
  auto& reading = *static_cast<Reading*>(png_get_error_ptr(png));
  std::strncpy(reading.why, text, sizeof reading.why - 1);
  png_longjmp(png, 1);
}

void pass_over(png_structp, png_const_charp) {}

// Owns what libpng has made.
struct Decoder {
  explicit Decoder(Reading& reading)
      : png(png_create_read_struct(PNG_LIBPNG_VER_STRING, &reading, keep_error,
                                   pass_over)),
        info(png == nullptr ? nullptr : png_create_info_struct(png)) {}
  ~Decoder() { png_destroy_read_struct(&png, &info, nullptr); }
  Decoder(const Decoder&) = delete;
  Decoder& operator=(const Decoder&) = delete;
  png_structp png;
  png_infop info;
};

// Both return false after an error; nothing of theirs has a destructor that a
// jump would pass by.
bool read_head(Decoder& d, PackedBytes& source, Reading& reading) {
  if (setjmp(png_jmpbuf(d.png)) != 0) return false;
  png_set_read_fn(d.png, &source, read_bytes);
  png_read_info(d.png, d.info);
  const int colour = png_get_color_type(d.png, d.info);
  const bool numbers =
      colour == PNG_COLOR_TYPE_GRAY || colour == PNG_COLOR_TYPE_PALETTE;
  if (!numbers || png_get_bit_depth(d.png, d.info) > 8) {
    std::strncpy(reading.why,
                 "has colours, not numbers of classes (grey or a palette, of "
                 "8 bits)",
                 sizeof reading.why - 1);
    return false;
  }
  const auto pixels = int64_t{png_get_image_width(d.png, d.info)} *
                      int64_t{png_get_image_height(d.png, d.info)};
  if (pixels > kMostPixels) {
    std::strncpy(reading.why, "has more than 64 million pixels",
                 sizeof reading.why - 1);
    return false;
  }
  png_set_packing(d.png);
  png_set_interlace_handling(d.png);
  png_read_update_info(d.png, d.info);
  return true;
}

bool read_rows(Decoder& d, uint8_t** rows) {
  if (setjmp(png_jmpbuf(d.png)) != 0) return false;
  png_read_image(d.png, rows);
  return true;
}

}  // namespace

ClassMap decode_class_map(std::span<const uint8_t> file,
                          const std::string& name) {
  Reading reading;
  PackedBytes source{file};
  Decoder d(reading);
  const auto refuse = [&]() {
    throw Error(Exit::kCorrupt,
                printable(name) + ": " + printable(reading.why));
  };
  if (d.info == nullptr) throw Error(Exit::kInternal, "out of memory");
  if (!read_head(d, source, reading)) refuse();
  ClassMap map;
  map.width = static_cast<int>(png_get_image_width(d.png, d.info));
  map.height = static_cast<int>(png_get_image_height(d.png, d.info));
  const auto width = static_cast<size_t>(map.width);
  if (png_get_rowbytes(d.png, d.info) != width) refuse();
  map.classes.resize(width * static_cast<size_t>(map.height));
  std::vector<uint8_t*> rows;
  for (int y = 0; y < map.height; ++y) {
    rows.push_back(&map.classes[static_cast<size_t>(y) * width]);
  }
  if (!read_rows(d, rows.data())) refuse();
  return map;
}

}  // namespace shoal
