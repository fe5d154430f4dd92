// The secret of a cluster, of stores or of a board's programs, as a key file
// has it.
#pragma once

#include <array>
#include <cstdint>

namespace shoal {

using SharedKey = std::array<uint8_t, 32>;

}  // namespace shoal
