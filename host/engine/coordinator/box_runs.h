// The bytes of a box inside those of a larger one, run by run: both lie row by
// row.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "host/base/box.h"

namespace shoal {

// Calls `move(place in the whole box, count)` for the bytes [from, from +
// bytes) of the inner box, run by run.
template <class Move>
void for_runs(const Box& box, const Box& whole, uint32_t from, uint32_t bytes,
              Move move) {
  // The bytes that are contiguous in both: whole rows of pixels, or each one's
  // channels.
  const bool rows = box.channels() == whole.channels();
  const auto run = static_cast<uint32_t>(rows ? box.columns() * box.channels()
                                              : box.channels());
  const uint32_t runs_a_row = rows ? 1u : static_cast<uint32_t>(box.columns());
  while (bytes > 0) {
    const uint32_t number = from / run, inside = from % run;
    const auto y = static_cast<int64_t>(number / runs_a_row) + box.y0;
    const auto x = static_cast<int64_t>(number % runs_a_row) + box.x0;
    const int64_t place =
        ((y - whole.y0) * whole.columns() + (x - whole.x0)) * whole.channels() +
        (box.c0 - whole.c0) + inside;
    const uint32_t count = std::min(bytes, run - inside);
    move(static_cast<size_t>(place), count);
    from += count;
    bytes -= count;
  }
}

}  // namespace shoal
