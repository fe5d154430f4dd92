// Helpers that the lowerings of operators that move bytes share. Internal to
// host/lower.
#pragma once

#include <vector>

#include "host/lower/builder.h"

namespace shoal {

// The value, in the axes of `shape`, sliced and padded by a map for each axis.
Value sliced(Builder&, int output, const Value&, const Shape& shape,
             const std::vector<AxisMap>& maps, int fill);
// Axis k of the result is axis perm[k] of `shape`; no byte moves.
Value with_axes(const Value&, const Shape& shape, const std::vector<int>& perm);
// Place i of axis k is place maps[k][i] of the value's, in the axes of `shape`;
// an empty map keeps the axis.
Value by_maps(Builder&, int output, const Value&, const Shape& shape,
              const std::vector<std::vector<int>>& maps);

void lower_gather(Builder&);
void lower_batches(Builder&);

std::vector<Dilated> find_dilated(const Graph&);
// The window of that convolution as one.
WindowAttr dilated_window(const Graph&, const Op& convolution, const Dilated&);

}  // namespace shoal
