// The same network for pictures of another size: the input's rows and columns
// change, every shape behind them is computed again, weights stay. Good for
// RAM, traffic and time; what such a network recognizes is another matter.
//
// What the file said as SAME padding stays SAME (also where it is a PAD of its
// own that does what SAME would), a pool over the whole picture stays one.
#pragma once

#include "host/model/graph/graph.h"

namespace shoal {

// Throws Error(kUnsupported) with the layer and the reason where shapes cannot
// follow: a fully connected layer over a flattened picture, a slice of some
// rows; kUsage for a size that is none.
Graph resize_input(const Graph&, int rows, int columns);

}  // namespace shoal
