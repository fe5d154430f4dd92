// Shares of a TRANSPOSE. Each axis of its result, and each axis of its operand,
// is made of digits: the numbers that the transposition puts into another
// order. Where the outermost digit of an axis of the result is the outermost
// one of an axis of the operand, too, steps of the one are steps of the other,
// and the axis can be cut: a box of the result is a box of the operand.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <vector>

#include "host/lower/net.h"

namespace shoal {

// An axis of the result: rows, columns or channels.
struct TransposedAxis {
  int from = -1;    // the operand's axis that is cut with it; -1: none is
  int granule = 1;  // elements along this axis in a step
  int unit = 1;     // elements along the operand's axis in a step
};
using TransposedAxes = std::array<TransposedAxis, 3>;
TransposedAxes transposed_axes(const Layer&);

// Returns the least box around `out` whose ends lie at steps of the axes.
Box transposed_share(const Layer&, const Box& out);
// Returns a box of the operand that has all elements of `out`, a box of the
// result. It is the least one if all ends of `out` lie at steps.
Box transposed_from(const Layer&, const Box& out);
// Returns the box of the result that `in`, a box of the operand, makes; none if
// it makes none.
std::optional<Box> transposed_to(const Layer&, const Box& in);
// Returns the parameters of a share that makes `out` of `in`. Throws
// Error(kInternal) if it cannot.
std::vector<int32_t> transposed_params(const Layer&, const Box& in,
                                       const Box& out);

}  // namespace shoal
