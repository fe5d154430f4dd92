// Multi-dimensional indices of row-major tensors. Internal to host/oracle.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "host/graph/graph.h"

namespace shoal::oracle {

using Index = std::vector<int>;
using Strides = std::vector<int64_t>;

inline Strides strides_of(const Shape& shape) {
  Strides strides(shape.size());
  int64_t step = 1;
  for (size_t a = shape.size(); a-- > 0;) {
    strides[a] = step;
    step *= shape[a];
  }
  return strides;
}

inline int64_t offset_of(const Index& index, const Strides& strides) {
  int64_t offset = 0;
  for (size_t a = 0; a < index.size(); ++a) offset += index[a] * strides[a];
  return offset;
}

// Calls f(index) for every index of the shape in row-major order, for a
// scalar (shape []) once.
template <class F>
void for_each_index(const Shape& shape, F f) {
  if (element_count(shape) == 0) return;
  Index index(shape.size(), 0);
  while (true) {
    f(static_cast<const Index&>(index));
    size_t a = shape.size();
    while (a > 0 && ++index[a - 1] == shape[a - 1]) index[--a] = 0;
    if (a == 0) return;
  }
}

}  // namespace shoal::oracle
