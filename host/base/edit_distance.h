// How far apart two words are.
#pragma once

#include <cstddef>
#include <string>

namespace shoal {

// Letters to put in, to leave out and to change (Levenshtein's distance).
size_t edit_distance(const std::string&, const std::string&);

}  // namespace shoal
