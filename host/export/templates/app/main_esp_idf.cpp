// @NAME@ for @BOARD_TITLE@: the built-in test, then inputs from the serial
// line (UART 0, 115200 baud).
#include <cstdint>

#include "driver/uart.h"
#include "esp_timer.h"
#include "freertos/FreeRTOS.h"
#include "freertos/task.h"
#include "shoal_app.h"
#include "shoal_program.h"
#if SHOAL_SLOT_BYTES
#include "flash.h"
#endif
#ifdef SHOAL_SECOND_CORE_US
#include "second_core.h"
#endif

static void write_console(void*, const void* data, uint32_t bytes) {
  uart_write_bytes(UART_NUM_0, data, bytes);
}

static uint32_t read_console(void*, void* to, uint32_t capacity) {
  const int count = uart_read_bytes(UART_NUM_0, to, capacity, 0);
  return count > 0 ? static_cast<uint32_t>(count) : 0;
}

static uint64_t read_ticks(void*) {
  return static_cast<uint64_t>(esp_timer_get_time());
}

static void idle(void*) { vTaskDelay(1); }

extern "C" void app_main(void) {
  uart_driver_install(UART_NUM_0, 1024, 0, 0, nullptr, 0);
  shoal_port port = shoal_app::port_of(write_console, read_ticks, 1000000);
#if SHOAL_SLOT_BYTES
  add_board_flash(port);
#endif
  port.wait_for_interrupt = idle;
#ifdef SHOAL_SECOND_CORE_US
  port.second_core = &second_core;
#endif
  shoal_app::run(port, read_console);
}
