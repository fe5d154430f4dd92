// WAV files as bytes, for tests and seeds of fuzzing.
#pragma once

#include <cstdint>
#include <vector>

namespace shoal {

struct WavFormat {
  int coding = 1;  // 1: PCM, 3: float
  int channels = 1, bits = 16;
  uint32_t rate = 16000;
  bool extensible = false;
};

// Makes a WAV file of samples that are coded already; nothing is checked.
std::vector<uint8_t> make_wav(const WavFormat&,
                              const std::vector<uint8_t>& samples);
// The same, of 16-bit samples.
std::vector<uint8_t> make_wav(const std::vector<int16_t>& samples,
                              const WavFormat& = {});

}  // namespace shoal
