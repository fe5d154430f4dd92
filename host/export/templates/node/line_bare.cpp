// The line is a UART of the board's, by functions that are yours.
#include "shoal_line.h"
#include "shoal_port.h"

extern "C" {
// Opens the UART at this speed, 8 bits, no parity; 0: it is open.
int board_line_start(uint32_t baud);
// Writes as many of the bytes as there is room for; returns how many.
uint32_t board_line_write(const void* data, uint32_t bytes);
// Reads bytes that have come, by interrupt or DMA; returns how many.
uint32_t board_line_read(void* to, uint32_t capacity);
// Turns the transceiver's driver on, or off when the last bit is out.
void board_line_drive(int on);
}

namespace shoal_app {

bool open_line(const shoal_port& port) {
  if (board_line_start(kLineBaud) == 0) return true;
  Line(port) << "refused: the line does not open";
  return false;
}

uint32_t write_line(void*, const void* data, uint32_t bytes) {
  return board_line_write(data, bytes);
}

uint32_t read_line(void*, void* to, uint32_t capacity) {
  return board_line_read(to, capacity);
}

void drive_line(void*, bool on) { board_line_drive(on ? 1 : 0); }

void wait_line() {}

}  // namespace shoal_app
