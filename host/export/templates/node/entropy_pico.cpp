// From pico_rand, which mixes the ring oscillator and other sources.
#include "pico/rand.h"
#include "shoal_network.h"

namespace shoal_app {

int draw_entropy(void*, void* out, uint32_t bytes) {
  auto* const to = static_cast<uint8_t*>(out);
  for (uint32_t i = 0; i < bytes; i += 4) {
    const uint32_t word = get_rand_32();
    for (uint32_t b = 0; b < 4 && i + b < bytes; ++b) {
      to[i + b] = static_cast<uint8_t>(word >> (8 * b));
    }
  }
  return 0;
}

}  // namespace shoal_app
