// From the board: a function that is yours to write.
#include "shoal_network.h"

// Fills `out` with unpredictable bytes of the board's own source (a hardware
// generator) and returns 0. Never a pseudorandom one that begins the same at
// each start.
extern "C" int board_entropy(void* out, uint32_t bytes);

namespace shoal_app {

int draw_entropy(void*, void* out, uint32_t bytes) {
  return board_entropy(out, bytes);
}

}  // namespace shoal_app
