#include "host/data/sound/wav.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "host/base/error.h"
#include "host/data/sound/testing/sounds.h"

namespace shoal {
namespace {

using Bytes = std::vector<uint8_t>;
using Floats = std::vector<float>;

std::string refusal(const Bytes& file, Exit code) {
  try {
    parse_wav(file, "a.wav");
  } catch (const Error& e) {
    EXPECT_EQ(e.code(), code) << e.what();
    return e.what();
  }
  return "accepted";
}

TEST(Wav, EveryCodingHasItsSamples) {
  const auto samples = [](const WavFormat& f, const Bytes& bytes) {
    return parse_wav(make_wav(f, bytes), "a.wav").samples;
  };
  EXPECT_EQ(samples({.bits = 8}, {0, 128, 192}), (Floats{-1, 0, 0.5f}));
  EXPECT_EQ(samples({.bits = 16}, {0, 0x80, 0, 0x40}), (Floats{-1, 0.5f}));
  EXPECT_EQ(samples({.bits = 24}, {0, 0, 0x80, 0, 0, 0x40}),
            (Floats{-1, 0.5f}));
  EXPECT_EQ(samples({.bits = 32}, {0, 0, 0, 0x80, 0, 0, 0, 0x40}),
            (Floats{-1, 0.5f}));
  EXPECT_EQ(samples({.coding = 3, .bits = 32}, {0, 0, 0x80, 0x3E}),
            Floats{0.25f});
  EXPECT_EQ(samples({.coding = 3, .bits = 64}, {0, 0, 0, 0, 0, 0, 0xD0, 0xBF}),
            Floats{-0.25f});
  const Sound stereo =
      parse_wav(make_wav(std::vector<int16_t>{1, -1, 2, -2},
                         {.channels = 2, .rate = 8000, .extensible = true}),
                "a.wav");
  EXPECT_EQ(stereo.channels, 2);
  EXPECT_EQ(stereo.rate, 8000);
  EXPECT_EQ(stereo.coding, "16-bit");
  EXPECT_EQ(stereo.samples.size(), 4u);
}

TEST(Wav, HeadersThatLieAreRefused) {
  Bytes file = make_wav(std::vector<int16_t>{1, 2, 3, 4});
  EXPECT_EQ(file.size(), 52u);
  file[40] = 100;  // bytes of samples
  EXPECT_EQ(refusal(file, Exit::kCorrupt),
            "a.wav: the WAV header says 100 bytes of samples, the file has 8");
  EXPECT_EQ(
      refusal(make_wav(WavFormat{.channels = 0}, Bytes{}), Exit::kCorrupt),
      "a.wav: a WAV header with 0 channels");
  EXPECT_EQ(refusal(make_wav(WavFormat{.rate = 0}, Bytes{}), Exit::kCorrupt),
            "a.wav: a WAV header with 0 samples a second");
  file = make_wav(std::vector<int16_t>{1, 2});
  file[32] = 7;  // bytes of all channels
  EXPECT_EQ(refusal(file, Exit::kCorrupt),
            "a.wav: a WAV header that says 7 bytes for 1 samples of 16 bits");
  EXPECT_EQ(refusal(make_wav(WavFormat{}, Bytes{1, 2, 3}), Exit::kCorrupt),
            "a.wav: 3 bytes of samples, 2 bytes for all channels");
  EXPECT_EQ(refusal(make_wav(WavFormat{.coding = 3, .bits = 32},
                             Bytes{0, 0, 0x80, 0x7F}),
                    Exit::kCorrupt),
            "a.wav: sample 0 is not a number");
}

TEST(Wav, SamplesOfAStreamEndWithTheFile) {
  Bytes file = make_wav(std::vector<int16_t>{1, 2, 3, 4});
  for (const Bytes& size :
       {Bytes{0xFF, 0xFF, 0xFF, 0xFF}, Bytes{0x24, 0xF0, 0xFF, 0x7F}}) {
    std::copy(size.begin(), size.end(), file.begin() + 40);
    std::copy(size.begin(), size.end(), file.begin() + 4);
    EXPECT_EQ(parse_wav(file, "a.wav").samples.size(), 4u);
    Bytes cut(file.begin(), file.end() - 1);  // within a sample
    EXPECT_EQ(parse_wav(cut, "a.wav").samples.size(), 3u);
  }
}

TEST(Wav, OtherCodingsAreExplained) {
  EXPECT_EQ(refusal(make_wav(WavFormat{.coding = 7, .bits = 8}, Bytes{1}),
                    Exit::kUsage),
            "a.wav: the sound is coded (format 7), not plain samples");
  EXPECT_EQ(refusal(make_wav(WavFormat{.bits = 12}, Bytes{1, 2}), Exit::kUsage),
            "a.wav: samples of 12 bits");
}

TEST(Wav, DamagedFilesNeverCrash) {
  const Bytes whole =
      make_wav(std::vector<int16_t>{1, 2, 3, 4}, {.channels = 2});
  for (size_t n = 0; n < whole.size(); ++n) {
    EXPECT_NE(
        refusal({whole.begin(), whole.begin() + static_cast<ptrdiff_t>(n)},
                Exit::kCorrupt),
        "accepted");
  }
  for (size_t bit = 0; bit < whole.size() * 8; ++bit) {
    Bytes bad = whole;
    bad[bit / 8] = static_cast<uint8_t>(bad[bit / 8] ^ (1 << (bit % 8)));
    try {
      const Sound s = parse_wav(bad, "a.wav");
      EXPECT_EQ(s.samples.size() % static_cast<size_t>(s.channels), 0u);
    } catch (const Error& e) {
      EXPECT_TRUE(e.code() == Exit::kCorrupt || e.code() == Exit::kUsage);
    }
  }
}

}  // namespace
}  // namespace shoal
