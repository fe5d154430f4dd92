// lwIP over a board's network interface: one address, UDP. Polled; all memory
// is static, so there is one of it.
#pragma once

#include <cstdint>

namespace shoal::ip {

struct Settings {
  uint8_t mac[6];
  uint8_t address[4], mask[4], gateway[4];
};

// Starts the interface and the stack. `now_us` is a clock that never goes
// back. False: no interface answers.
bool start(const Settings&, uint64_t (*now_us)());

// Takes at most `frames` frames from the interface and does what is due.
void poll(uint32_t frames);

}  // namespace shoal::ip
