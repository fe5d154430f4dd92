// A file as this computer's flash: flash.bin in the folder of the process.
#pragma once

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cstring>

#include "shoal_flash.h"
#include "shoal_program.h"

static uint8_t* flash_file;

static int read_flash(uint32_t offset, void* to, uint32_t bytes) {
  std::memcpy(to, flash_file + offset, bytes);
  return 0;
}

static int erase_flash(uint32_t offset, uint32_t bytes) {
  std::memset(flash_file + offset, 0xFF, bytes);
  return 0;
}

// As flash does: a write only clears bits.
static int write_flash(uint32_t offset, const void* from, uint32_t bytes) {
  const auto* const byte = static_cast<const uint8_t*>(from);
  for (uint32_t i = 0; i < bytes; ++i) {
    uint8_t& to = flash_file[offset + i];
    to = static_cast<uint8_t>(to & byte[i]);
  }
  return 0;
}

static void add_board_flash(shoal_port& port) {
  constexpr uint32_t kPage = 256, kSector = 4096;
  static const shoal_app::Flash flash = [] {
    const int file = open("flash.bin", O_RDWR | O_CREAT, 0666);
    void* at = MAP_FAILED;
    if (file >= 0 && ftruncate(file, SHOAL_SLOT_BYTES) == 0) {
      at = mmap(nullptr, SHOAL_SLOT_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED,
                file, 0);
    }
    flash_file = at == MAP_FAILED ? nullptr : static_cast<uint8_t*>(at);
    return shoal_app::Flash{read_flash,  erase_flash,
                            write_flash, kPage,
                            kSector,     flash_file ? SHOAL_SLOT_BYTES : 0,
                            flash_file};
  }();
  shoal_app::add_flash(port, flash);
}
