// Graph -> .tflite, float or int8: a standard file that passes the
// flatbuffers Verifier and imports to the identical graph again.
#pragma once

#include <cstdint>
#include <vector>

#include "host/graph/graph.h"

namespace shoal {

// Throws Error(kUnsupported) for what the format cannot say, by operator.
std::vector<uint8_t> export_tflite(const Graph&);

}  // namespace shoal
