// Other orders of a net's layers, in which each layer still reads only what
// earlier ones wrote.
#pragma once

#include "host/lower/net.h"

namespace shoal {

// Layers that assign to variables come behind all others, where every node can
// have what it keeps from those that made it.
Net assign_last(Net);

// Layers that make an operand which another layer holds whole come before the
// first layer of that kind on the way of its other operand. In attention values
// are made beside keys then, so that scores, softmax and context stream row by
// row, and one exchange of rows brings keys and values to all nodes.
Net held_first(Net);

}  // namespace shoal
