// The view that a tap has of one firing (builds with SHOAL_TAP: the host's, and
// debug firmware). Valid during the call only; the rows lie in the arena and
// may be overwritten afterwards.
//
// A cut window is seen once its row is finished. In a loop every actor is seen
// in every iteration (the last one in the last), with the rows of the band and,
// in c0 and c1, the channels of that iteration.
#pragma once

#include <cstdint>

namespace shoal {

struct Firing {
  uint16_t stage;
  uint16_t actor;
  uint16_t layer;
  uint16_t tensor;  // of the out buffer
  uint32_t frame;
  uint8_t element_bytes;  // 1, or 4 for int32 partial sums
  // The rows, columns and channels that were made, relative to the box of the
  // actor's out port.
  uint16_t y0, y1, x0, x1, c0, c1;
  uint32_t pixel_bytes;  // from one x to the next

  // Returns row y in [y0, y1), at (x0, c0).
  const uint8_t* row(uint16_t y) const {
    return memory + (first_row + y) % slots * row_bytes;
  }

  // Behind row().
  const uint8_t* memory;
  uint32_t first_row, row_bytes, slots;
};

}  // namespace shoal
