// Multi-dimensional indices of row-major tensors. Internal to the oracles.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "host/oracle/int8/op_view.h"

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

// Returns the strides of an operand in an output of this rank: shapes are
// aligned at the right, sizes 1 are repeated.
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

// Neighbours along the last axis of a result of two broadcast operands: where
// their first ones lie, how far apart the next ones.
struct BroadcastRun {
  size_t a, b, y, count;
  int64_t a_step, b_step;
};
template <class F>
void for_each_broadcast_run(const OpView& op, F f) {
  const Shape& shape = op.out().shape;
  const Strides a = broadcast_strides(op.in(0).shape, shape.size());
  const Strides b = broadcast_strides(op.in(1).shape, shape.size());
  BroadcastRun run{0,
                   0,
                   0,
                   static_cast<size_t>(last_axis(shape)),
                   a.empty() ? 0 : a.back(),
                   b.empty() ? 0 : b.back()};
  for_each_index(in_runs(shape, last_axis(shape)), [&](const Index& at) {
    run.a = static_cast<size_t>(offset_of(at, a));
    run.b = static_cast<size_t>(offset_of(at, b));
    f(static_cast<const BroadcastRun&>(run));
    run.y += run.count;
  });
}

// SELECT_V2: elements of `a` where `chosen` is not zero, else of `b`.
template <class T>
void select_elements(const OpView& op, const T* chosen, const T* a, const T* b,
                     T* y) {
  const Shape& shape = op.out().shape;
  Strides steps[3];
  for (size_t i = 0; i < 3; ++i) {
    steps[i] = broadcast_strides(op.in(i).shape, shape.size());
  }
  for_each_index(shape, [&](const Index& at) {
    *y++ = chosen[offset_of(at, steps[0])] != 0 ? a[offset_of(at, steps[1])]
                                                : b[offset_of(at, steps[2])];
  });
}

}  // namespace shoal::oracle
