// Writes the seed corpus of fuzz_picture: seed_picture DIR.
#include <cstdio>
#include <string>

#include "host/base/error.h"
#include "host/base/files.h"
#include "host/data/image/testing/pictures.h"

int main(int argc, char** argv) {
  if (argc != 2) {
    std::fprintf(stderr, "usage: seed_picture DIR\n");
    return 2;
  }
  std::vector<uint8_t> rgb;
  for (int i = 0; i < 8 * 8 * 3; ++i) rgb.push_back(uint8_t(i * 5));
  const std::string folder = argv[1];
  try {
    shoal::write_file(folder + "/small.bmp", shoal::make_bmp(8, 8, rgb));
    shoal::write_file(folder + "/small.png", shoal::make_png(8, 8, rgb));
    shoal::write_file(folder + "/small.jpg", shoal::make_jpeg(8, 8, rgb));
    shoal::write_file(folder + "/small.gif", shoal::make_gif(8, 8, 90));
    shoal::write_file(folder + "/small.ppm", shoal::make_ppm(8, 8, rgb));
    shoal::write_file(folder + "/small.webp", shoal::make_webp(8, 8, rgb));
  } catch (const shoal::Error& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return static_cast<int>(error.code());
  }
  return 0;
}
