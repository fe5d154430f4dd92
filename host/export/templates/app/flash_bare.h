// The flash of a board that shoal does not know: three functions are yours to
// write, and its facts.
#pragma once

#include "shoal_flash.h"

// As shoal_app::Flash has them.
extern "C" {
int board_flash_read(uint32_t offset, void* to, uint32_t bytes);
int board_flash_erase(uint32_t offset, uint32_t bytes);
int board_flash_write(uint32_t offset, const void* from, uint32_t bytes);
extern const uint32_t board_flash_write_bytes, board_flash_erase_bytes;
extern const uint32_t board_flash_bytes;
extern const uint8_t* const board_flash;  // where it lies in memory
}

static void add_board_flash(shoal_port& port) {
  static shoal_app::Flash flash;
  flash = {board_flash_read,
           board_flash_erase,
           board_flash_write,
           board_flash_write_bytes,
           board_flash_erase_bytes,
           board_flash_bytes,
           board_flash};
  shoal_app::add_flash(port, flash);
}
