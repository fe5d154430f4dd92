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

// Swaps rows and columns in the window and in the maps. The weights stay as
// they are, because the window is one row.
void turn_window(Layer&);

// One column, the picture's columns as rows; the canonical extent of a shape
// that is no picture of one row.
Extent line_extent(const Shape&);

// Returns how many steps of a signal, whose extent is `in`, become the channels
// of one: more than 1 where a convolution has a stride above 255 or more than
// 65,535 rows, because one row of n steps takes less work than n rows.
int steps_at_once(const Layer&, const Extent& in);
// The window over such steps: its weights have the same bytes, with taps of no
// effect where its ends lie within a step.
void join_steps(Layer&, int steps, int channels);
Extent joined_steps(const Extent&, int steps);

// The extent of its operand that an operator with windows reads.
Extent window_extent(const Graph&, const Op&);

}  // namespace shoal
