// Multi-dimensional indices of row-major tensors. Internal to the oracles.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "host/model/graph/graph.h"

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

// Of an operand in an output of this rank: shapes are aligned at the right,
// sizes 1 are repeated.
inline Strides broadcast_strides(const Shape& operand, size_t rank) {
  Strides strides(rank, 0);
  const Strides own = strides_of(operand);
  for (size_t a = 0; a < operand.size(); ++a) {
    if (operand[a] != 1) strides[a + rank - operand.size()] = own[a];
  }
  return strides;
}

// Where an input element goes in the output: reduced axes do not move it.
inline Strides reduced_strides(const Shape& shape,
                               const std::vector<bool>& reduced) {
  Strides strides(shape.size());
  int64_t step = 1;
  for (size_t a = shape.size(); a-- > 0;) {
    strides[a] = reduced[a] ? 0 : step;
    if (!reduced[a]) step *= shape[a];
  }
  return strides;
}

inline int reduced_count(const Shape& shape, const std::vector<bool>& reduced) {
  int count = 1;
  for (size_t a = 0; a < shape.size(); ++a) {
    if (reduced[a]) count *= shape[a];
  }
  return count;
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

// Neighbours along the last axis, taken together; of a scalar 1.
inline int last_axis(const Shape& shape) {
  return shape.empty() ? 1 : shape.back();
}
inline Shape in_runs(Shape shape, int run) {
  if (!shape.empty()) shape.back() /= run;
  return shape;
}

}  // namespace shoal::oracle
