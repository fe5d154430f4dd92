/// @file
/// A network's output as real numbers, over the bytes that it gave.
#pragma once

#include <cstdint>

namespace shoal {

/// `count` values, the last axis fastest. The bytes must outlive it.
struct Values {
  const void* at = nullptr;
  uint32_t count = 0;
  bool is_float = false;  ///< else int8: a value is (byte - zero) * scale
  float scale = 1;
  int zero = 0;

  float operator[](uint32_t i) const {
    if (is_float) return static_cast<const float*>(at)[i];
    return static_cast<float>(static_cast<const int8_t*>(at)[i] - zero) * scale;
  }
};

}  // namespace shoal
