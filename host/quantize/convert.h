// Float graph and scales -> int8 graph. Tensors keep their numbers; what is
// new (results of QUANTIZE, copies of constants that two operators want
// differently) comes behind them.
#pragma once

#include "host/quantize/sharing.h"

namespace shoal {

// Layers without a bias get one of zeros, which there are runtimes that want.
Graph convert(const Graph&, const Scales&, bool int16);

// Without the tensors that no operator has: sizes and axes of the float
// model's file.
Graph without_unused(Graph);

}  // namespace shoal
