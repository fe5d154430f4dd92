// From the kernel.
#include <sys/random.h>

#include "shoal_network.h"

namespace shoal_app {

int draw_entropy(void*, void* out, uint32_t bytes) {
  auto* at = static_cast<uint8_t*>(out);
  while (bytes > 0) {
    const ssize_t some = getrandom(at, bytes, 0);
    if (some <= 0) return -1;
    at += some;
    bytes -= static_cast<uint32_t>(some);
  }
  return 0;
}

}  // namespace shoal_app
