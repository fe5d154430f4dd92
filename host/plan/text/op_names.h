// Names of layers' operators, for people.
#pragma once

#include "device/program/image.h"

namespace shoal {

const char* layer_op_name(OpCode);

}  // namespace shoal
