// lwIP over a board's network interface: one address, UDP. Polled. What grows
// with datagrams is the caller's memory, all else is static: there is one of
// it.
#pragma once

#include <cstdint>

namespace shoal::ip {

struct Settings {
  uint8_t mac[6];
  uint8_t address[4], mask[4], gateway[4];
};

// Returns the bytes for datagrams of at most `payload` bytes, a multiple of 8:
// frames of the interface, those that the stack has come to, and those on their
// way out.
uint32_t memory_bytes(uint32_t payload);

// Starts the interface and the stack. `now_us` is a clock that never goes
// back; `memory` is aligned to 8 bytes. Larger frames are dropped. False: no
// interface answers.
bool start(const Settings&, uint64_t (*now_us)(), uint32_t payload,
           uint8_t* memory);

// Takes at most `frames` frames from the interface and does what is due.
void poll(uint32_t frames);

}  // namespace shoal::ip
