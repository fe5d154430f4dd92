// Values that stand for more than there can be, of times and of bytes.
#pragma once

#include <cstdint>
#include <limits>

namespace shoal {

inline constexpr int64_t kBeyond = std::numeric_limits<int64_t>::max();
inline constexpr double kFar = std::numeric_limits<double>::infinity();

}  // namespace shoal
