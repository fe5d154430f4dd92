// Manual pages (roff), generated from the verbs and flags that shoal has.
#pragma once

#include <string>
#include <vector>

#include "host/cli/verb_list.h"

namespace shoal {

// Returns the page shoal(1) if `verb` is empty, else shoal-VERB(1).
std::string man_page(const std::vector<ListedVerb>&, const std::string& verb);

}  // namespace shoal
