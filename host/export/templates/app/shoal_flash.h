// Flash for networks that `shoal send --program` brings, as three functions.
#pragma once

#include <cstdint>

#include "device/port/port.h"

namespace shoal_app {

// Offsets count from the first byte of this flash. A function returns 0 when it
// has done all that it was asked for. While flash is erased or written, no core
// may run code that lies in it.
struct Flash {
  int (*read)(uint32_t offset, void* to, uint32_t bytes);
  int (*erase)(uint32_t offset, uint32_t bytes);  // whole blocks, to 0xFF
  int (*write)(uint32_t offset, const void* from, uint32_t bytes);  // units
  // Bytes of a unit: from 64 to 512, and a multiple of what the chip writes at
  // once.
  uint32_t write_bytes;
  uint32_t erase_bytes;  // bytes of a block
  uint32_t bytes;        // of this flash
  const void* mapped;    // where it lies in memory; a multiple of 16
};

// Makes it the flash of the port. `flash` must outlive it.
inline void add_flash(shoal_port& port, const Flash& flash) {
  static const Flash* of;
  of = &flash;
  port.storage = {nullptr,
                  [](void*, uint32_t offset, uint32_t bytes, void* to) {
                    return of->read(offset, to, bytes);
                  },
                  [](void*) { return 1; },
                  [](void*, uint32_t offset, uint32_t bytes, const void* from) {
                    return of->write(offset, from, bytes);
                  },
                  [](void*, uint32_t offset, uint32_t bytes) {
                    return of->erase(offset, bytes);
                  }};
  port.storage_bytes = flash.bytes;
  port.storage_write_bytes = flash.write_bytes;
  port.storage_erase_bytes = flash.erase_bytes;
  port.mapped_storage = flash.mapped;
}

}  // namespace shoal_app
