// WebP pictures, by libwebp.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "host/data/image/picture.h"

namespace shoal {

// Returns whether it is a RIFF file of this kind, such as "WEBP".
bool is_riff(std::span<const uint8_t> file, std::string_view kind);
bool is_webp(std::span<const uint8_t> file);
// Returns none for what is broken or moves.
std::optional<PictureSize> webp_size(std::span<const uint8_t> file);
// Decodes the picture as it is to be seen and allocates its pixels. None for
// what is broken.
std::optional<Picture> read_webp(std::span<const uint8_t> file);

}  // namespace shoal
