// What a program can say of a layer. Sizes of tensors: legal() in layout.h.
#pragma once

#include "host/lower/net.h"

namespace shoal {

// Throws Error(kUnsupported) with the number that is too large and its limit.
void check_limits(const Net&, const Layer&);

}  // namespace shoal
