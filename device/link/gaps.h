// Which bytes of an in-stream lie behind its first missing one: a list of
// ranges, ascending, that neither meet nor touch, of a bounded length; free
// entries (begin == end) stand at its end. All offsets are of one frame, less
// than 2^31 apart, and so may wrap.
//
// Pure functions over Range (device/program/link_layout.h), which the link
// keeps for each in-stream.
#pragma once

#include <cstdint>

#include "device/program/link_layout.h"

namespace shoal {

// Returns whether [begin, end) touches a range or there is room for one more.
bool range_fits(const Range* ranges, uint32_t most, uint32_t begin,
                uint32_t end);

// Finds the first bytes of [begin, end) that are in no range, as [begin, end)
// again; false if there are none.
bool find_hole(const Range* ranges, uint32_t most, uint32_t& begin,
               uint32_t& end);

// Notes [begin, end), which must fit, with what it touches.
void add_range(Range* ranges, uint32_t most, uint32_t begin, uint32_t end);

// Given that all bytes before `received` are there, removes the ranges that
// follow at once and returns the first byte that is then missing.
uint32_t take_ranges(Range* ranges, uint32_t most, uint32_t received);

}  // namespace shoal
