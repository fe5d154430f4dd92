// Which program this is.
#pragma once

#include <string>

namespace shoal {

// Returns the build id that the linker has put into the executable, in hex
// digits: equal for equal programs, another one after any change. Empty if it
// has none.
const std::string& program_id();

}  // namespace shoal
