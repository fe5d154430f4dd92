// Datagrams of the board: shoal_network.cpp carries them. A node of a cluster
// that has a key also has shoal_entropy.cpp.
#pragma once

#include <cstdint>

#include "shoal_app.h"
#include "shoal_port.h"

namespace shoal_app {

// Null: it cannot be had; it says why on the console.
const shoal_transport* open_network(const shoal_port& port, ReadConsole read);
// Until a datagram may have come, or until then by the transport's clock; may
// return early.
void wait_network(const shoal_port& port, uint64_t until_us);
// Fills `out` with unpredictable bytes and returns 0.
int draw_entropy(void* user, void* out, uint32_t bytes);

// Returns the port's clock in microseconds.
inline uint64_t clock_us(const shoal_port& port) {
  return microseconds(port, port.read_ticks(port.user));
}

}  // namespace shoal_app
