// @NAME@ for @BOARD_TITLE@: call shoal_main() in main.c of a CubeMX project,
// in USER CODE 2, when its UART is initialized.
#include <cstdint>

#include "main.h"
#include "shoal_app.h"

#ifndef SHOAL_UART
#define SHOAL_UART @UART@  // the one of the board's ST-LINK
#endif

extern "C" {
extern UART_HandleTypeDef SHOAL_UART;
int shoal_main(void);
}

static void write_console(void*, const void* data, uint32_t bytes) {
  uint8_t* at = static_cast<uint8_t*>(const_cast<void*>(data));
  while (bytes > 0) {
    const uint16_t some = bytes < 0xFFFF ? static_cast<uint16_t>(bytes) : 0xFFFF;
    HAL_UART_Transmit(&SHOAL_UART, at, some, HAL_MAX_DELAY);
    at += some;
    bytes -= some;
  }
}

// One byte at a time: the UART holds no more.
static uint32_t read_console(void*, void* to, uint32_t) {
  return HAL_UART_Receive(&SHOAL_UART, static_cast<uint8_t*>(to), 1, 0) ==
                 HAL_OK
             ? 1
             : 0;
}

// Microseconds: HAL_GetTick() counts milliseconds (it begins again after 49
// days), SysTick counts down within one.
static uint64_t read_ticks(void*) {
  static uint32_t last = 0, turns = 0;
  uint32_t now, left;
  do {
    now = HAL_GetTick();
    left = SysTick->VAL;
  } while (now != HAL_GetTick());
  if (now < last) ++turns;
  last = now;
  const uint32_t period = SysTick->LOAD + 1;
  const uint64_t part = uint64_t{period - 1 - left} * 1000 / period;
  return (static_cast<uint64_t>(turns) << 32 | now) * 1000 + part;
}

// Does not return if the test was good.
int shoal_main(void) {
  const shoal_port port =
      shoal_app::port_of(write_console, read_ticks, 1000000);
  return shoal_app::run(port, read_console);
}
