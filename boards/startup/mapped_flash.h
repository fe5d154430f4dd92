// A flash whose bytes lie in memory: read in place, erased to 0xFF in blocks,
// written in pages that only clear bits, as a NOR flash is. In QEMU it is RAM
// that the emulator has filled from a file.
#pragma once

#include "device/port/port.h"

namespace shoal {

inline constexpr uint32_t kMappedPageBytes = 256;
inline constexpr uint32_t kMappedBlockBytes = 4096;

// Makes the `bytes` at `flash` the port's storage.
void map_flash(shoal_port&, uint8_t* flash, uint32_t bytes);

}  // namespace shoal
