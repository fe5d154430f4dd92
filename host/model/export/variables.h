// Variables of a graph as the file says them.
#pragma once

#include "host/model/export/loops.h"

namespace shoal {

// Makes each variable's value before the frame a handle, and adds the operators
// that name it, set it once and assign to it. They stand behind all others;
// order_variables() brings those that come first to the front. Throws
// Error(kUnsupported) if something else than a READ_VARIABLE reads that value.
void write_variables(const Graph&, RawModel& raw, MadeConstants&);
void order_variables(RawModel& raw);

}  // namespace shoal
