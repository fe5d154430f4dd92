// A board of a cycle a microsecond, so that tests can count: no kernel takes as
// long as another, flash costs nothing.
#pragma once

#include <cstdint>

#include "host/board/board.h"

namespace shoal {

inline constexpr int64_t kPicosPerMicrosecond = 1000000;  // in picoseconds

inline Board slow_board() {
  Board b;
  b.clock_hz = 1e6;
  b.costs.pointwise = 2;
  b.costs.conv = 3;
  b.costs.depthwise = 5;
  b.costs.fully_connected = 7;
  b.costs.element = 4;
  b.costs.firing_us = 10;
  b.aead_cycles_per_byte = 2;
  b.check_cycles_per_byte = 1;
  return b;
}

}  // namespace shoal
