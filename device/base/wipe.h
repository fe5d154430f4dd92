// Overwrites a secret. The compiler does not leave this out, although the bytes
// are not read again.
#pragma once

#include <cstddef>
#include <cstdint>

namespace shoal {

inline void wipe(void* data, size_t bytes) {
  volatile uint8_t* at = static_cast<uint8_t*>(data);
  for (; bytes > 0; --bytes) *at++ = 0;
}

}  // namespace shoal
