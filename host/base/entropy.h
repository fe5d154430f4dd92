// The system's randomness.
#pragma once

#include <cstdint>
#include <span>

namespace shoal {

// Throws Error(kInternal) if there is none.
void system_entropy(std::span<uint8_t> out);

}  // namespace shoal
