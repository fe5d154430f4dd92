/// @file
/// What an observer sees of one firing (builds with SHOAL_TAP: the host's,
/// and debug firmware). It is valid during the call only; the rows lie in the
/// arena and may be overwritten afterwards.
///
/// A cut window is seen once its row is finished. In a loop every actor is seen
/// in every iteration (the last one in the last), with the rows of the band
/// and, in c0 and c1, the channels of that iteration.
#pragma once

#include <cstdint>

namespace shoal {

/// One firing, as shoal_config::tap gets it.
struct Firing {
  uint16_t stage;   ///< stage of the program
  uint16_t actor;   ///< actor of the stage
  uint16_t layer;   ///< layer of the net
  uint16_t tensor;  ///< tensor of the net that the out buffer holds
  uint32_t frame;   ///< frame since the node was opened
  /// 1, or 4 for int32 partial sums.
  uint8_t element_bytes;
  uint32_t y0;  ///< first row made, relative to the box of the actor's out port
  uint32_t y1;  ///< behind the last row
  uint32_t x0;  ///< first column, likewise
  uint32_t x1;  ///< behind the last column
  uint16_t c0;  ///< first channel, likewise
  uint16_t c1;  ///< behind the last channel
  /// Bytes from one x to the next.
  uint32_t pixel_bytes;

  /// Returns the element at (x0, c0) of row y in [y0, y1).
  const uint8_t* row(uint32_t y) const {
    return memory + (first_row + y) % slots * row_bytes;
  }

  const uint8_t* memory;  ///< for row(): the buffer
  uint32_t first_row;     ///< for row(): slot of row 0 of the box
  uint32_t row_bytes;     ///< for row(): bytes from one slot to the next
  uint32_t slots;         ///< for row(): slots of the buffer
};

}  // namespace shoal
