// Any bytes as a WAV file: whole moments of all channels, or an Error.
#include <cmath>
#include <cstddef>
#include <cstdint>

#include "host/base/error.h"
#include "host/data/sound/wav.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* bytes, size_t size) {
  try {
    const shoal::Sound s = shoal::parse_wav({bytes, size}, "fuzz");
    if (s.rate <= 0 || s.channels <= 0) __builtin_trap();
    if (s.samples.size() % static_cast<size_t>(s.channels) != 0) {
      __builtin_trap();
    }
    for (const float v : s.samples) {
      if (!std::isfinite(v)) __builtin_trap();
    }
  } catch (const shoal::Error& error) {
    if (error.code() == shoal::Exit::kInternal) __builtin_trap();
  }
  return 0;
}
