#include "host/data/sound/testing/sounds.h"

#include <string_view>

namespace shoal {
namespace {

void put(std::vector<uint8_t>& out, std::string_view text) {
  out.insert(out.end(), text.begin(), text.end());
}
void put(std::vector<uint8_t>& out, uint32_t value, int bytes) {
  for (int i = 0; i < bytes; ++i) {
    out.push_back(static_cast<uint8_t>(value >> 8 * i));
  }
}

}  // namespace

std::vector<uint8_t> make_wav(const WavFormat& f,
                              const std::vector<uint8_t>& samples) {
  const auto block = static_cast<uint32_t>(f.channels * f.bits / 8);
  const uint32_t format_bytes = f.extensible ? 40 : 16;
  const auto bytes = static_cast<uint32_t>(samples.size());
  std::vector<uint8_t> out;
  put(out, "RIFF");
  put(out, 4 + 8 + format_bytes + 8 + bytes + bytes % 2, 4);
  put(out, "WAVEfmt ");
  put(out, format_bytes, 4);
  put(out, f.extensible ? 0xFFFE : static_cast<uint32_t>(f.coding), 2);
  put(out, static_cast<uint32_t>(f.channels), 2);
  put(out, f.rate, 4);
  put(out, f.rate * block, 4);
  put(out, block, 2);
  put(out, static_cast<uint32_t>(f.bits), 2);
  if (f.extensible) {
    put(out, 22, 2);
    put(out, static_cast<uint32_t>(f.bits), 2);
    put(out, 0, 4);
    put(out, static_cast<uint32_t>(f.coding), 2);
    // The rest of every subformat's identifier.
    put(out, 0x00100000, 4);
    put(out, 0xAA000080, 4);
    put(out, 0x719B3800, 4);
    put(out, 0, 2);
  }
  put(out, "data");
  put(out, bytes, 4);
  out.insert(out.end(), samples.begin(), samples.end());
  if (bytes % 2 != 0) out.push_back(0);
  return out;
}

std::vector<uint8_t> make_wav(const std::vector<int16_t>& samples,
                              const WavFormat& format) {
  std::vector<uint8_t> bytes;
  for (const int16_t s : samples) put(bytes, static_cast<uint16_t>(s), 2);
  return make_wav(format, bytes);
}

}  // namespace shoal
