// WAV files: RIFF, a chunk "fmt " that says how samples are coded, and a chunk
// "data" with the samples of all channels in turn.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace shoal {

struct Sound {
  int64_t rate = 0;            // samples of a channel in a second
  int channels = 0;            // at least 1
  std::string coding;          // for people: "16-bit"
  std::vector<float> samples;  // -1 to 1; the channels of a moment together
};

// Returns whether the bytes begin as such a file.
bool is_wav(std::span<const uint8_t> file);
// Samples are PCM of 8, 16, 24 or 32 bits, where full scale is 1, or floats of
// 32 or 64 bits. Throws Error: kCorrupt for what is broken or lies about its
// size, kUsage for other codings. `name` is for messages.
Sound parse_wav(std::span<const uint8_t> file, const std::string& name);

}  // namespace shoal
