// The ranges of the figures that board and cluster files state. One table for
// both, so that no file makes planning or virtual time endless;
// boards/README.md lists it for people, which a test compares.
#pragma once

#include <span>
#include <string_view>

namespace shoal {

struct FigureRange {
  std::string_view key;  // "cycles.conv"
  double low, high;
  bool or_zero = false;  // 0 means something of its own
};

std::span<const FigureRange> figure_ranges();
// Throws Error(kInternal) for a key that the table has not.
const FigureRange& figure_range(std::string_view key);

}  // namespace shoal
