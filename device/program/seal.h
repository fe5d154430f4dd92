// Puts all tags and the hash of an image in place, after its tables and
// chunks have been written. For what makes images (emit, tests, the fuzzer);
// a device only checks.
#pragma once

#include "device/program/image.h"

namespace shoal {

// Tags of every chunk and record that lie inside the image, the hash, the
// head's tag. Uses header.generation. An image whose tables point outside
// itself is sealed as far as they do not. `image` is 4-byte aligned.
void seal_image(uint8_t* image, uint32_t image_bytes);

}  // namespace shoal
