// Picture files of given pixels (rows of R, G, B), for tests.
#pragma once

#include <cstdint>
#include <vector>

namespace shoal {

using PictureFile = std::vector<uint8_t>;

PictureFile make_bmp(int width, int height, const std::vector<uint8_t>& rgb);
PictureFile make_png(int width, int height, const std::vector<uint8_t>& rgb);
PictureFile make_ppm(int width, int height, const std::vector<uint8_t>& rgb);
PictureFile make_webp(int width, int height, const std::vector<uint8_t>& rgb);
// All of one grey.
PictureFile make_gif(int width, int height, uint8_t grey);
// Makes a JPEG of the highest quality; an even picture of grey keeps its value.
PictureFile make_jpeg(int width, int height, const std::vector<uint8_t>& rgb);

}  // namespace shoal
