// A UART on a line that several nodes share (RS-485): shoal_line.cpp.
#pragma once

#include <cstdint>

#include "shoal_app.h"

namespace shoal_app {

constexpr uint32_t kLineBaud = 1000000;

// Returns whether the line could be opened; else says why on the console.
bool open_line(const shoal_port& port);
// Writes as many of the bytes as the UART takes now; returns how many.
uint32_t write_line(void* user, const void* data, uint32_t bytes);
// Reads bytes that have come; fewer than `capacity` were all there are.
uint32_t read_line(void* user, void* to, uint32_t capacity);
// Turns the driver on, or off when the last byte has left the UART.
void drive_line(void* user, bool on);
// Until a byte may have come, and not for more than a millisecond.
void wait_line();

}  // namespace shoal_app
