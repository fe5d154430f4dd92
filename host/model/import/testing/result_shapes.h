// How shapes of results follow from those of operands. Internal to
// host/model/import/testing.
#pragma once

#include <algorithm>

#include "host/model/graph/graph.h"

namespace shoal {

inline size_t axis_of(int axis, const Shape& shape) {
  return static_cast<size_t>(axis < 0 ? axis + static_cast<int>(shape.size())
                                      : axis);
}

inline Shape broadcast(const Shape& a, const Shape& b) {
  const Shape& more = a.size() < b.size() ? b : a;
  const Shape& less = a.size() < b.size() ? a : b;
  Shape out = more;
  for (size_t i = 0; i < less.size(); ++i) {
    int& size = out[more.size() - less.size() + i];
    size = std::max(size, less[i]);
  }
  return out;
}

}  // namespace shoal
