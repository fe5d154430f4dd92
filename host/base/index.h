// Numbers that are known not to be negative, as indices.
#pragma once

#include <cstddef>

namespace shoal {

inline size_t index(int k) { return static_cast<size_t>(k); }

}  // namespace shoal
