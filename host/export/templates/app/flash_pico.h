// The last bytes of the flash that a RP2040 or RP2350 runs from. The SDK stops
// interrupts and has the other core wait in RAM while they are erased or
// written; second_core.h has that core take part.
#pragma once

#include <cstring>

#include "pico/flash.h"
#include "shoal_flash.h"
#include "shoal_program.h"

extern "C" char __flash_binary_end;  // of the SDK's linker script

constexpr uint32_t kFlashAt = PICO_FLASH_SIZE_BYTES - SHOAL_SLOT_BYTES;
// That the other core may take to stop and to go on.
constexpr uint32_t kFlashWaitMs = 1000;

struct FlashChange {
  uint32_t at, bytes;
  const uint8_t* from;
};

static int read_flash(uint32_t offset, void* to, uint32_t bytes) {
  std::memcpy(to,
              reinterpret_cast<const uint8_t*>(XIP_BASE) + kFlashAt + offset,
              bytes);
  return 0;
}

static int erase_flash(uint32_t offset, uint32_t bytes) {
  FlashChange change = {kFlashAt + offset, bytes, nullptr};
  return flash_safe_execute(
      [](void* user) {
        const auto& c = *static_cast<const FlashChange*>(user);
        flash_range_erase(c.at, c.bytes);
      },
      &change, kFlashWaitMs);
}

// `from` is RAM: what lies in flash cannot be read meanwhile.
static int write_flash(uint32_t offset, const void* from, uint32_t bytes) {
  FlashChange change = {kFlashAt + offset, bytes,
                        static_cast<const uint8_t*>(from)};
  return flash_safe_execute(
      [](void* user) {
        const auto& c = *static_cast<const FlashChange*>(user);
        flash_range_program(c.at, c.from, c.bytes);
      },
      &change, kFlashWaitMs);
}

// No flash, if the program itself reaches into these bytes.
static void add_board_flash(shoal_port& port) {
  const uintptr_t at = XIP_BASE + kFlashAt;
  const bool is_free = reinterpret_cast<uintptr_t>(&__flash_binary_end) <= at;
  static shoal_app::Flash flash;
  flash = {read_flash,
           erase_flash,
           write_flash,
           FLASH_PAGE_SIZE,
           FLASH_SECTOR_SIZE,
           is_free ? SHOAL_SLOT_BYTES : 0,
           reinterpret_cast<const void*>(at)};
  shoal_app::add_flash(port, flash);
}
