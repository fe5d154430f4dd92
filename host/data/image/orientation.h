// How a camera was held, as EXIF tells it.
#pragma once

#include <cstdint>
#include <span>

#include "host/data/image/picture.h"

namespace shoal {

// Returns 1 to 8 as EXIF numbers them; 1 (upright) if a JPEG file, or a block
// of EXIF, does not say.
int exif_orientation(std::span<const uint8_t> file);

// Returns the picture as it is to be seen.
Picture upright(Picture, int orientation);

}  // namespace shoal
