// @NAME@ on a board that shoal does not know: three functions are yours to
// write, and whatever sets up clocks and the serial line before main().
#include <cstdint>

#include "shoal_app.h"
#if SHOAL_SLOT_BYTES
#include "flash.h"
#endif

extern "C" {
// Writes all bytes to the serial line; may wait.
void board_write(const void* data, uint32_t bytes);
// Bytes that have come on the serial line, at most `capacity`; 0: none yet.
uint32_t board_read(void* to, uint32_t capacity);
// Microseconds since the start; never goes back, does not wrap. A 32-bit timer
// has to be extended.
uint64_t board_time_us(void);

int shoal_main(void);
}

namespace {

void write_console(void*, const void* data, uint32_t bytes) {
  board_write(data, bytes);
}
uint32_t read_console(void*, void* to, uint32_t capacity) {
  return board_read(to, capacity);
}
uint64_t read_ticks(void*) { return board_time_us(); }

}  // namespace

// Call it from main(). Does not return if the test was good.
int shoal_main(void) {
  shoal_port port = shoal_app::port_of(write_console, read_ticks, 1000000);
#if SHOAL_SLOT_BYTES
  add_board_flash(port);
#endif
  return shoal_app::run(port, read_console);
}
