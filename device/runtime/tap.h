// What a tap sees of one firing (builds with SHOAL_TAP: the host's, and debug
// firmware). Valid during the call only.
#pragma once

#include <cstdint>

namespace shoal {

struct Firing {
  uint16_t stage;
  uint16_t actor;
  uint16_t layer;
  uint8_t element_bytes;  // 1, or 4 for int32 partial sums
  uint32_t frame;
  // What was made, relative to the box of the actor's out port; in a loop the
  // channels are those of the loop iteration and the rows those of the layer.
  uint16_t y0, y1, x0, x1, c0, c1;
  uint16_t tensor;       // of the out buffer
  uint32_t pixel_bytes;  // from one x to the next
  // Row y in [y0, y1): its first element of the box (x0, c0).
  const uint8_t* (*row)(const Firing&, uint16_t y);
  const uint8_t* arena;
  uint32_t offset, row_bytes, slots, first_slot;
};

}  // namespace shoal
