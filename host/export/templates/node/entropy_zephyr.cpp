// From Zephyr's generator for cryptography.
#include <zephyr/random/random.h>

#include "shoal_network.h"

namespace shoal_app {

int draw_entropy(void*, void* out, uint32_t bytes) {
  return sys_csrand_get(out, bytes);
}

}  // namespace shoal_app
