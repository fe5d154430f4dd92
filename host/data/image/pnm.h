// PNM pictures of bytes: PGM (P5, grey) and PPM (P6), values of 8 or 16 bits.
// No package of Debian reads them from memory without its tools; stb_image
// computes with sizes that no int holds and gives what memory held for a file
// that is cut off.
#pragma once

#include <cstdint>
#include <optional>
#include <span>

#include "host/data/image/picture.h"

namespace shoal {

struct PnmHead {
  int width = 0, height = 0;
  int most = 255;    // the value of white
  size_t bytes = 0;  // where pixels begin
  bool colour = false;
};

bool is_pnm(std::span<const uint8_t> file);
// Returns none for numbers that are missing, or larger than a million.
std::optional<PnmHead> pnm_head(std::span<const uint8_t> file);
// Allocates its pixels. None if there are fewer than the head says.
std::optional<Picture> read_pnm(std::span<const uint8_t> file, const PnmHead&);

}  // namespace shoal
