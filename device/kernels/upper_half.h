// The upper half of a product, rounded, as SMMULR of ARM's DSP extension has
// it.
#pragma once

#include <cstdint>

namespace shoal {

// (v * multiplier + 2^31) >> 32.
constexpr int32_t rounded_upper_half(int32_t v, int32_t multiplier) {
  const int64_t product = static_cast<int64_t>(v) * multiplier;
  return static_cast<int32_t>((product + (int64_t{1} << 31)) >> 32);
}

}  // namespace shoal
