// Helpers that layers with weights share. Internal to host/lower.
#pragma once

#include "host/lower/builder.h"

namespace shoal {

// bias - zero_in * sum of (w - zero_weight); `outer` says that the channel is
// the outermost axis of the weights, else it is the innermost.
void fold_zero_point(Layer&, bool outer);
// Returns what depends on the quantization of the current FULLY_CONNECTED.
Layer fully_connected_layer(const Builder&);

}  // namespace shoal
