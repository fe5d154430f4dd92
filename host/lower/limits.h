// Refuses layers that no program can hold. legal() in layout.h judges tensors.
#pragma once

#include "host/lower/net.h"

namespace shoal {

// Throws Error(kUnsupported) with the number that is too large and its limit.
void check_limits(const Net&, const Layer&);

}  // namespace shoal
