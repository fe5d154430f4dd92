// Pictures whose rows have more columns than a program can count, such as a
// recording of several electrodes whose time lies along columns. In the net
// their rows and columns change places, so that time lies along rows and
// streams through rings of a few steps. What users see keeps the file's axes.
#pragma once

#include <vector>

#include "host/lower/net.h"

namespace shoal {

// The net's order of the axes of a turned tensor, which has four.
std::vector<int> turned_order();

// Returns for each tensor whether it is turned, because it or one that is
// turned with it has more columns than these. Tensors that windows and
// element-by-element operators connect are turned together, because a
// transposition between two of them would hold one of them whole.
std::vector<bool> find_turned(const Graph&, int most_columns);

// Marks the net's tensors that are turned, here or because a signal's steps lie
// along rows (line.h), and those that layers make of them row by row.
void mark_turned(const Graph&, Net&);

// Swaps rows and columns in the window, in the maps and in the weights.
void turn_layer(Layer&);

// lower(), for programs that count no more columns than these: tests turn small
// pictures.
Net lower_turned(const Graph&, int most_columns);

}  // namespace shoal
