// Refuses models that are not int8, for code that can only use int8 models.
#pragma once

#include "host/model/graph/graph.h"

namespace shoal {

// Throws Error(kUnsupported), with the command that quantizes it, for a model
// that computes in float32.
void require_int8(const Graph&);

}  // namespace shoal
