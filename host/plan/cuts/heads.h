// Attention by heads: each head's products, and what lies between them, on
// nodes of their own. A node then holds the keys and values of its heads alone.
#pragma once

#include "host/plan/cuts/cut_layer.h"

namespace shoal {

// Returns whether the net has products of several pairs of computed matrices.
bool has_heads(const Net&);

// Changes the cuts of these layers: nodes of the crew are divided among heads,
// and several nodes of a head divide its rows, which are tokens.
Cuts with_heads_apart(const Net&, const Crew&, Cuts);

// Lets pairs of nodes divide the outputs of layers that widen rows, such as the
// first layer of an MLP, and of the element-wise layers behind them. Each node
// reads half of the weights for twice as many rows, and the layer that narrows
// rows again is cut as before. An odd number of nodes changes nothing.
Cuts with_wide_outputs_in_parts(const Net&, const Crew&, Cuts);

}  // namespace shoal
