// @NAME@ for @BOARD_TITLE@: the built-in test, then inputs from the console's
// serial line.
#include <zephyr/device.h>
#include <zephyr/drivers/uart.h>
#include <zephyr/kernel.h>

#include <cstdint>

#include "shoal_app.h"
#if SHOAL_SLOT_BYTES
#include "flash.h"
#endif

static const struct device* const console =
    DEVICE_DT_GET(DT_CHOSEN(zephyr_console));

static void write_console(void*, const void* data, uint32_t bytes) {
  const uint8_t* const at = static_cast<const uint8_t*>(data);
  for (uint32_t i = 0; i < bytes; ++i) uart_poll_out(console, at[i]);
}

static uint32_t read_console(void*, void* to, uint32_t capacity) {
  uint8_t* const bytes = static_cast<uint8_t*>(to);
  uint32_t count = 0;
  while (count < capacity && uart_poll_in(console, bytes + count) == 0) ++count;
  return count;
}

static uint64_t read_ticks(void*) {
  return k_ticks_to_us_floor64(k_uptime_ticks());
}

static void idle(void*) { k_yield(); }

int main(void) {
  shoal_port port = shoal_app::port_of(write_console, read_ticks, 1000000);
  port.wait_for_interrupt = idle;
#if SHOAL_SLOT_BYTES
  add_board_flash(port);
#endif
  return shoal_app::run(port, read_console);
}
