// Names of layers' operators, for people.
#pragma once

#include <cstddef>
#include <string>

#include "device/program/image.h"

namespace shoal {

const char* layer_op_name(OpCode);

// Names of operators can be chains of a converter's scopes, or of all operators
// that a layer was fused from: the end of the first one's.
std::string short_name(const std::string& name, size_t width);

}  // namespace shoal
