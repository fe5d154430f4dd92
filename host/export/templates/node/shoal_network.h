// The files that a node needs besides a console and a clock: shoal_network.cpp
// and, if the cluster has a key, shoal_entropy.cpp.
#pragma once

#include <cstdint>

#include "device/port/port.h"
#include "shoal_app.h"

namespace shoal_app {

// Null: it cannot be had; it says why on the console.
const shoal_transport* open_network(const shoal_port& port, ReadConsole read);
// Until a datagram may have come, or until then by the transport's clock; may
// return early.
void wait_network(const shoal_port& port, uint64_t until_us);
// Fills `out` with unpredictable bytes and returns 0.
int draw_entropy(void* user, void* out, uint32_t bytes);

// Returns the port's clock in microseconds.
uint64_t clock_us(const shoal_port& port);

}  // namespace shoal_app
