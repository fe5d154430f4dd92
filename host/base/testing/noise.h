// Bytes of tests: weights and inputs.
#pragma once

#include <cstddef>
#include <random>
#include <vector>

namespace shoal {

// From -127 to 127, as T has them; the same for the same seed.
template <typename T>
std::vector<T> noise(size_t count, unsigned seed) {
  std::mt19937 random(seed);
  std::vector<T> out(count);
  for (T& v : out) v = static_cast<T>(random() % 255 - 127);
  return out;
}

}  // namespace shoal
