// An input of the model that a program takes piece by piece, columns from left
// to right in one stage after the other, has an io entry for each piece. The
// entry's last four bytes say so: u16 1 if it is of the same input of the model
// as the entry before, u16 bytes of each row before the piece.
#pragma once

#include "device/program/image.h"

namespace shoal {

inline constexpr uint32_t kMostSkipped = 0xFFFF;

constexpr uint32_t piece_field(bool again, uint32_t skip_bytes) {
  return (again ? 1u : 0u) | skip_bytes << 16;
}
constexpr bool comes_again(const IoEntry& io) {
  return (io.reserved & 0xFFFF) != 0;
}
constexpr uint32_t skipped_bytes(const IoEntry& io) {
  return io.reserved >> 16;
}

// Returns whether the io entry `index` is well formed; outputs have no pieces.
constexpr bool piece_ok(const IoEntry* ios, uint32_t index) {
  const IoEntry& io = ios[index];
  if (io.is_output) return io.reserved == 0;
  if (!comes_again(io)) return true;
  return (io.reserved & 0xFFFF) == 1 && index > 0 &&
         io.rows == ios[index - 1].rows &&
         io.element_bytes == ios[index - 1].element_bytes;
}

}  // namespace shoal
