// Words of a shell's command line.
#pragma once

#include <string>

namespace shoal {

// Returns the word as it is if a shell takes it so, else quoted.
std::string shell_word(const std::string&);

}  // namespace shoal
