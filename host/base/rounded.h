// Rounding without a call.
#pragma once

#include <cstdint>

namespace shoal {

// Returns what llround() does for numbers that are not negative.
inline int64_t rounded(double number) {
  const auto below = static_cast<int64_t>(number);
  return below + (number - static_cast<double>(below) >= 0.5 ? 1 : 0);
}

}  // namespace shoal
