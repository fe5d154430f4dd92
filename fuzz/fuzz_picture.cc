// Any bytes as a picture: pixels as many as its size says, or an Error.
#include <cstddef>
#include <cstdint>

#include "host/base/error.h"
#include "host/data/image/picture.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* bytes, size_t size) {
  try {
    const shoal::Picture picture = shoal::decode_picture({bytes, size}, "fuzz");
    const auto pixels = static_cast<size_t>(picture.width) *
                        static_cast<size_t>(picture.height);
    if (picture.rgb.size() != 3 * pixels) __builtin_trap();
    if (shoal::resize(picture, 5, 3).rgb.size() != 45) __builtin_trap();
  } catch (const shoal::Error& error) {
    if (error.code() != shoal::Exit::kCorrupt) __builtin_trap();
  }
  return 0;
}
