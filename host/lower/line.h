// Pictures of one row: signals whose columns are steps in time, as Conv1D is
// exported. A window that only moves along these columns moves along rows
// instead, so that the signal streams through rings of a few steps. [1, 1, W,
// C] and [1, W, 1, C] have the same bytes in the same order.
#pragma once

#include "host/lower/layout.h"

namespace shoal {

// Returns whether the windows of a layer between tensors of these shapes only
// move along the columns of one row. The layer's window must be set.
bool is_line(const Layer&, const Shape& in, const Shape& out);
// The same for an operator of the file.
bool is_line(const Graph&, const Op&);

// Swaps rows and columns in the window and in the maps. The weights stay as
// they are, because the window is one row.
void turn_window(Layer&);

// One column, the picture's columns as rows; the canonical extent of a shape
// that is no picture of one row.
Extent line_extent(const Shape&);

}  // namespace shoal
