// How shapes of results follow from those of operands, for all that reads,
// makes or resizes models.
#pragma once

#include <algorithm>
#include <cstddef>
#include <optional>
#include <vector>

#include "host/model/graph/graph.h"

namespace shoal {

// How a refusal of two shapes ends: with what to do.
inline constexpr char kNoBroadcast[] =
    " do not broadcast; make the sizes of an axis equal, or one of them 1 (a "
    "mask is as long as its sequence)";
inline constexpr char kOtherCount[] =
    " changes the number of elements; export with an equal number (attention's "
    "heads must divide its width)";

// Aligned at the last axis, ones repeated; nothing if they do not fit.
template <class Size>
std::optional<std::vector<Size>> broadcast_shape(const std::vector<Size>& a,
                                                 const std::vector<Size>& b) {
  const auto& more = a.size() < b.size() ? b : a;
  const auto& less = a.size() < b.size() ? a : b;
  std::vector<Size> out = more;
  for (size_t i = 0; i < less.size(); ++i) {
    Size& size = out[more.size() - less.size() + i];
    if (size != less[i] && size != 1 && less[i] != 1) return std::nullopt;
    if (size == 1) size = less[i];
  }
  return out;
}

inline Shape reduced_shape(const Shape& x, const std::vector<bool>& reduced,
                           bool keeps_axes) {
  Shape out;
  for (size_t i = 0; i < x.size(); ++i) {
    if (!reduced[i] || keeps_axes) out.push_back(reduced[i] ? 1 : x[i]);
  }
  return out;
}

inline Shape without_axis(Shape x, size_t axis) {
  x.erase(x.begin() + static_cast<std::ptrdiff_t>(axis));
  return x;
}
inline Shape with_axis(Shape x, size_t axis, int size) {
  x.insert(x.begin() + static_cast<std::ptrdiff_t>(axis), size);
  return x;
}

}  // namespace shoal
