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

}  // namespace shoal
