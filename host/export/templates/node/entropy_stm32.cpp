// From the hardware's generator: enable RNG in CubeMX. Its handle is hrng.
#include "main.h"
#include "shoal_network.h"

extern "C" {
extern RNG_HandleTypeDef hrng;
}

namespace shoal_app {

int draw_entropy(void*, void* out, uint32_t bytes) {
  auto* const to = static_cast<uint8_t*>(out);
  for (uint32_t i = 0; i < bytes; i += 4) {
    uint32_t word = 0;
    if (HAL_RNG_GenerateRandomNumber(&hrng, &word) != HAL_OK) return -1;
    for (uint32_t b = 0; b < 4 && i + b < bytes; ++b) {
      to[i + b] = static_cast<uint8_t>(word >> (8 * b));
    }
  }
  return 0;
}

}  // namespace shoal_app
