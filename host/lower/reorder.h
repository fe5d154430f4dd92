// Other orders of a net's layers, in which each layer still reads only what
// earlier ones wrote.
#pragma once

#include "host/lower/net.h"

namespace shoal {

// The layers that assign to variables behind all others, where every node can
// have what it keeps from those that made it.
Net assign_last(Net);

// What makes an operand that a layer holds whole comes before the first such
// layer on the way of the layer's other operand. In attention the values are
// made beside the keys then, so that scores, softmax and context stream row by
// row, and one exchange of rows brings keys and values to all nodes.
Net held_first(Net);

}  // namespace shoal
