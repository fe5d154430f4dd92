// Inside the kernels of 16 bits: the logistic function and tanh between the
// entries of a table, rounded as TensorFlow Lite does. Arguments are in units
// of 1 / 12288, results in units of 2^-15.
#pragma once

#include "device/base/fixed_point.h"

namespace shoal {

// Entry k of a table of 16-bit numbers, two in a word.
inline uint32_t table_entry(const uint32_t* table, uint32_t k) {
  return table[k / 2] >> (k % 2 * 16) & 0xFFFF;
}

[[gnu::noinline]] inline int32_t logistic(const uint32_t* table, int32_t v) {
  const uint32_t size = bits(v < 0 ? -v : v), k = size >> 9;
  uint32_t y = 0x7FFF << 10;
  if (k < 255) {
    const uint32_t a = table_entry(table, k), b = table_entry(table, k + 1);
    y = (a << 9) + (size & 0x1FF) * (b - a);
  }
  y = v >= 0 ? y + (1 << 9) : (1u << 25) - y + (1 << 9) - 1;
  return static_cast<int16_t>(y >> 10);
}

[[gnu::noinline]] inline int32_t tangent(const uint32_t* table, int32_t v) {
  const uint32_t size = bits(v < 0 ? -v : v), k = size >> 8;
  uint32_t y = 0xFFFF << 8;
  if (k < 255) {
    const uint32_t a = table_entry(table, k), b = table_entry(table, k + 1);
    y = (a << 8) + (size & 0xFF) * (b - a);
  }
  const uint32_t one = 1u << 23;
  return static_cast<int16_t>(
      wrap(v >= 0 ? y - one + (1 << 7) : one - y + (1 << 7) - 1) >> 8);
}

}  // namespace shoal
