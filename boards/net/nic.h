// A network interface as its driver gives it: Ethernet frames in and out, one
// at a time. Each board that has one links one driver (boards/BOARD or a folder
// that boards share); nothing here uses interrupts but to end a wait.
#pragma once

#include <cstdint>

namespace shoal::nic {

inline constexpr uint32_t kMaxFrame = 1514;  // of any, without the checksum

// Frames lie two bytes behind an address that is a multiple of 4, so that what
// follows the Ethernet head is aligned.
inline constexpr uint32_t kPad = 2;

// Returns the bytes that a driver needs for frames of at most `most_frame`
// bytes, a multiple of 8.
uint32_t memory_bytes(uint32_t most_frame);

// Starts the interface with this address. Frames of more than `most_frame`
// bytes are dropped. `memory`: so much of it, aligned to 8 bytes. False: there
// is no interface, or it does not answer.
bool open(const uint8_t (&mac)[6], uint32_t most_frame, uint8_t* memory);

// Returns the bytes of the frame that waits, 0: none. It stays until take().
uint32_t waiting();
// Takes it to `to` + kPad: up to 3 bytes more than pad and frame are written.
void take(uint32_t* to);

// Sends the `bytes` of frame at `from` + kPad, at least 60 of them.
void send(const uint32_t* from, uint32_t bytes);

// Returns the line of its interrupt, which is pending while a frame waits.
uint32_t interrupt();

}  // namespace shoal::nic
