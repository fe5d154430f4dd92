// From Zephyr's generator for cryptography.
#if __has_include(<zephyr/random/random.h>)
#include <zephyr/random/random.h>
#else  // up to Zephyr 3.5
#include <zephyr/random/rand32.h>
#endif

#include "shoal_network.h"

#if !defined(CONFIG_ENTROPY_HAS_DRIVER) || defined(CONFIG_TEST_CSPRNG_GENERATOR)
#error "this board has no source of random numbers: export with --insecure"
#endif

namespace shoal_app {

int draw_entropy(void*, void* out, uint32_t bytes) {
  return sys_csrand_get(out, bytes);
}

}  // namespace shoal_app
