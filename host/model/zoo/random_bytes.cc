#include "host/model/zoo/random_bytes.h"

#include <algorithm>
#include <cstddef>

#include "host/base/split_mix.h"

namespace shoal::zoo {
namespace {

int8_t value(uint8_t byte) { return static_cast<int8_t>(byte); }

int sum_of(std::span<const uint8_t> bytes) {
  int sum = 0;
  for (const uint8_t b : bytes) sum += value(b);
  return sum;
}

}  // namespace

uint64_t Random::next() { return split_mix64(state_); }

double Random::unit() {
  return static_cast<double>(next() >> 11) / (uint64_t{1} << 53);
}

void fill(std::span<uint8_t> bytes, Random& random) {
  constexpr uint64_t kLow7 = 0x7F7F7F7F7F7F7F7F;
  for (size_t i = 0; i < bytes.size(); i += 8) {
    const uint64_t a = random.next(), b = random.next();
    // Eight means at once.
    const uint64_t means = (a & b) + (((a ^ b) >> 1) & kLow7);
    const size_t count = std::min<size_t>(8, bytes.size() - i);
    for (size_t k = 0; k < count; ++k) {
      const auto mean = static_cast<uint8_t>(means >> (8 * k));
      bytes[i + k] = static_cast<uint8_t>(std::max<uint8_t>(mean, 1) ^ 0x80);
    }
  }
}

void centre(std::span<uint8_t> filter) {
  const int step = sum_of(filter) / static_cast<int>(filter.size());
  for (uint8_t& b : filter) {
    b = static_cast<uint8_t>(std::clamp(value(b) - step, -127, 127));
  }
  int left = sum_of(filter);
  for (size_t i = 0; left != 0; i = (i + 1) % filter.size()) {
    const int moved = value(filter[i]) - (left > 0 ? 1 : -1);
    if (moved < -127 || moved > 127) continue;
    filter[i] = static_cast<uint8_t>(moved);
    left += left > 0 ? -1 : 1;
  }
}

}  // namespace shoal::zoo
