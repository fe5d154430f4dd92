// SplitMix64: the same random numbers with every standard library.
#pragma once

#include <cstdint>

namespace shoal {

// Returns the next one; any first state will do.
constexpr uint64_t split_mix64(uint64_t& state) {
  uint64_t z = state += 0x9E3779B97F4A7C15;
  z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
  z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
  return z ^ (z >> 31);
}

}  // namespace shoal
