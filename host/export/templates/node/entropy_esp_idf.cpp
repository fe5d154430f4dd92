// From the hardware's generator: true random numbers while Wi-Fi or another
// source of noise is on.
#include "esp_random.h"
#include "shoal_network.h"

namespace shoal_app {

int draw_entropy(void*, void* out, uint32_t bytes) {
  esp_fill_random(out, bytes);
  return 0;
}

}  // namespace shoal_app
