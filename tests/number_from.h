// Numbers of random tests that the environment may change.
#pragma once

#include <cstdint>
#include <cstdlib>

namespace shoal {

inline uint32_t number_from(const char* variable, uint32_t otherwise) {
  const char* const text = std::getenv(variable);
  return text ? static_cast<uint32_t>(std::atoi(text)) : otherwise;
}

}  // namespace shoal
