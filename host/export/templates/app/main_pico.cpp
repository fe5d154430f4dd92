// @NAME@ for @BOARD_TITLE@: the built-in test, then inputs from the serial
// line.
#include <cstdint>

#include "pico/stdio_usb.h"
#include "pico/stdlib.h"
#include "pico/time.h"
#include "shoal_app.h"
#include "shoal_program.h"
#if SHOAL_SLOT_BYTES
#include "flash.h"
#endif
#ifdef SHOAL_SECOND_CORE_US
#include "second_core.h"
#endif

static void write_console(void*, const void* data, uint32_t bytes) {
  const uint8_t* const at = static_cast<const uint8_t*>(data);
  for (uint32_t i = 0; i < bytes; ++i) putchar_raw(at[i]);
  stdio_flush();
}

static uint32_t read_console(void*, void* to, uint32_t capacity) {
  uint8_t* const bytes = static_cast<uint8_t*>(to);
  uint32_t count = 0;
  while (count < capacity) {
    const int byte = getchar_timeout_us(0);
    if (byte < 0) break;
    bytes[count++] = static_cast<uint8_t>(byte);
  }
  return count;
}

static uint64_t read_ticks(void*) { return time_us_64(); }

int main() {
  stdio_init_all();
  // Waits for a terminal on USB; a listener at the UART waits as long.
  for (int i = 0; i < 100 && !stdio_usb_connected(); ++i) sleep_ms(100);
  shoal_port port = shoal_app::port_of(write_console, read_ticks, 1000000);
#if SHOAL_SLOT_BYTES
  add_board_flash(port);
#endif
#ifdef SHOAL_SECOND_CORE_US
  port.second_core = &second_core;
#endif
  return shoal_app::run(port, read_console);
}
