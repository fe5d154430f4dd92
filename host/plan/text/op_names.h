// Names of layers' operators for people.
#pragma once

#include <cstddef>
#include <string>

#include "device/program/image.h"

namespace shoal {

const char* layer_op_name(OpCode);

// Returns the end of an operator's first name. A name may be a chain of a
// converter's scopes, or of all operators that were fused into the layer.
std::string short_name(const std::string& name, size_t width);

}  // namespace shoal
