#include "host/data/sound/wav.h"

#include <cmath>
#include <cstring>
#include <optional>
#include <string_view>

#include "host/base/error.h"
#include "host/base/printable.h"
#include "host/base/size.h"

namespace shoal {
namespace {

using Bytes = std::span<const uint8_t>;

constexpr size_t kHeadBytes = 12, kChunkBytes = 8, kFormatBytes = 16;
constexpr int kPcm = 1, kFloat = 3, kExtensible = 0xFFFE;
constexpr size_t kSubformatAt = 24;
// Programs that write into a pipe (ffmpeg, sox) cannot go back to the header:
// they leave a size there that no file has. The samples then end with the file.
constexpr size_t kOpenSize = 0x7FFFF000;

uint32_t read_16(Bytes at, size_t i) {
  return at[i] | uint32_t{at[i + 1]} << 8;
}
uint32_t read_32(Bytes at, size_t i) {
  return read_16(at, i) | read_16(at, i + 2) << 16;
}
bool has_name(Bytes at, size_t i, std::string_view name) {
  return std::memcmp(&at[i], name.data(), name.size()) == 0;
}

struct Format {
  int coding = 0, channels = 0, bits = 0;
  uint32_t rate = 0, block = 0;
};

class WavReader {
 public:
  WavReader(Bytes file, const std::string& name)
      : file_(file), name_(printable(name)) {}

  Sound read() const;

 private:
  [[noreturn]] void corrupt(const std::string& why) const {
    throw Error(Exit::kCorrupt, name_ + ": " + why,
                "save the sound again as WAV (PCM)");
  }
  Format read_format(Bytes chunk) const;
  void check(const Format&) const;
  Sound read_samples(const Format&, Bytes data) const;

  const Bytes file_;
  const std::string name_;
};

Format WavReader::read_format(Bytes chunk) const {
  if (chunk.size() < kFormatBytes) corrupt("the WAV format is cut off");
  Format f;
  f.coding = static_cast<int>(read_16(chunk, 0));
  f.channels = static_cast<int>(read_16(chunk, 2));
  f.rate = read_32(chunk, 4);
  f.block = read_16(chunk, 12);
  f.bits = static_cast<int>(read_16(chunk, 14));
  if (f.coding == kExtensible) {
    if (chunk.size() < kSubformatAt + 2) {
      corrupt("the WAV format is cut off");
    }
    f.coding = static_cast<int>(read_16(chunk, kSubformatAt));
  }
  check(f);
  return f;
}

void WavReader::check(const Format& f) const {
  if (f.coding != kPcm && f.coding != kFloat) {
    throw Error(Exit::kUsage,
                name_ + ": the sound is coded (format " +
                    std::to_string(f.coding) + "), not plain samples",
                "save it as WAV (PCM), for example with sox IN -e signed OUT");
  }
  const bool pcm = f.coding == kPcm && (f.bits == 8 || f.bits == 16 ||
                                        f.bits == 24 || f.bits == 32);
  const bool real = f.coding == kFloat && (f.bits == 32 || f.bits == 64);
  if (!pcm && !real) {
    throw Error(Exit::kUsage,
                name_ + ": samples of " + std::to_string(f.bits) + " bits" +
                    (f.coding == kFloat ? " (float)" : ""),
                "save them with 16 bits");
  }
  if (f.channels == 0) corrupt("a WAV header with 0 channels");
  if (f.rate == 0) corrupt("a WAV header with 0 samples a second");
  const auto block = static_cast<uint32_t>(f.channels * (f.bits / 8));
  if (f.block != block) {
    corrupt("a WAV header that says " + format_count(f.block) + " bytes for " +
            std::to_string(f.channels) + " samples of " +
            std::to_string(f.bits) + " bits");
  }
}

// One sample, full scale 1.
float sample_at(const uint8_t* at, int coding, int bits) {
  if (coding == kFloat && bits == 32) {
    float v;
    std::memcpy(&v, at, sizeof v);
    return v;
  }
  if (coding == kFloat) {
    double v;
    std::memcpy(&v, at, sizeof v);
    return static_cast<float>(v);
  }
  if (bits == 8) return static_cast<float>(at[0] - 128) / 128.f;
  // The bits at the top of a word, whose sign is then the sample's.
  uint32_t word = 0;
  for (int i = 0; i < bits / 8; ++i) {
    word |= uint32_t{at[i]} << (32 - bits + 8 * i);
  }
  return static_cast<float>(std::ldexp(static_cast<int32_t>(word), -31));
}

Sound WavReader::read_samples(const Format& f, Bytes data) const {
  if (data.size() % f.block != 0) {
    corrupt(format_count(static_cast<int64_t>(data.size())) +
            " bytes of samples, " + format_count(f.block) +
            " bytes for all channels");
  }
  Sound sound;
  sound.rate = f.rate;
  sound.channels = f.channels;
  sound.coding =
      std::to_string(f.bits) + "-bit" + (f.coding == kFloat ? " float" : "");
  const auto bytes = static_cast<size_t>(f.bits) / 8;
  sound.samples.resize(data.size() / bytes);
  for (size_t i = 0; i < sound.samples.size(); ++i) {
    sound.samples[i] = sample_at(&data[i * bytes], f.coding, f.bits);
    if (!std::isfinite(sound.samples[i])) {
      corrupt("sample " + format_count(static_cast<int64_t>(i)) +
              " is not a number");
    }
  }
  return sound;
}

Sound WavReader::read() const {
  if (!is_wav(file_)) corrupt("not a WAV file");
  std::optional<Format> format;
  size_t at = kHeadBytes;
  while (file_.size() - at >= kChunkBytes) {
    size_t size = read_32(file_, at + 4);
    const size_t left = file_.size() - at - kChunkBytes;
    const bool samples = has_name(file_, at, "data");
    if (samples && format && size > left && size >= kOpenSize) {
      size = left - left % format->block;
    }
    const std::string what = samples ? "samples" : "a chunk";
    if (size > left) {
      corrupt("the WAV header says " +
              format_count(static_cast<int64_t>(size)) + " bytes of " + what +
              ", the file has " + format_count(static_cast<int64_t>(left)));
    }
    const Bytes chunk = file_.subspan(at + kChunkBytes, size);
    if (samples && !format)
      corrupt("the WAV samples come without their format");
    if (samples) return read_samples(*format, chunk);
    if (has_name(file_, at, "fmt ")) format = read_format(chunk);
    // Chunks have an even size; the last one's filling is often missing.
    at = std::min(file_.size(), at + kChunkBytes + size + size % 2);
  }
  corrupt("the WAV file has no samples");
}

}  // namespace

bool is_wav(std::span<const uint8_t> file) {
  return file.size() >= kHeadBytes && has_name(file, 0, "RIFF") &&
         has_name(file, 8, "WAVE");
}

Sound parse_wav(std::span<const uint8_t> file, const std::string& name) {
  return WavReader(file, name).read();
}

}  // namespace shoal
