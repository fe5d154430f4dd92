// Helpers that layers with weights share. Internal to host/lower.
#pragma once

#include "host/lower/net.h"

namespace shoal {

// bias - zero_in * sum of (w - zero_weight); `outer` says that the channel is
// the outermost axis of the weights, else it is the innermost.
void fold_zero_point(Layer&, bool outer);

}  // namespace shoal
