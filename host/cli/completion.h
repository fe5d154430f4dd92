// Completion of shoal's command line in shells, generated from the verbs and
// flags that it has.
#pragma once

#include <string>
#include <vector>

#include "host/cli/verb_list.h"

namespace shoal {

// Returns the script for "bash", "zsh" or "fish".
std::string completion_script(const std::vector<ListedVerb>&,
                              const std::string& shell);

}  // namespace shoal
