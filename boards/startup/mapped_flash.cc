#include "boards/startup/mapped_flash.h"

#include <cstring>

namespace shoal {
namespace {

struct Flash {
  uint8_t* at;
  uint32_t bytes;
  bool busy;
};
Flash flash;

// An accepted operation is done at once and has ended at the next poll.
int accept(uint32_t offset, uint32_t bytes, uint32_t unit) {
  if (flash.busy || offset > flash.bytes || bytes > flash.bytes - offset ||
      offset % unit || bytes % unit) {
    return -1;
  }
  flash.busy = true;
  return 0;
}

int read(void*, uint32_t offset, uint32_t bytes, void* to) {
  if (accept(offset, bytes, 1) != 0) return -1;
  std::memcpy(to, flash.at + offset, bytes);
  return 0;
}

int write(void*, uint32_t offset, uint32_t bytes, const void* from) {
  if (accept(offset, bytes, kMappedPageBytes) != 0) return -1;
  const auto* byte = static_cast<const uint8_t*>(from);
  for (uint32_t i = 0; i < bytes; ++i) {
    uint8_t& to = flash.at[offset + i];
    to = static_cast<uint8_t>(to & byte[i]);
  }
  return 0;
}

int erase(void*, uint32_t offset, uint32_t bytes) {
  if (accept(offset, bytes, kMappedBlockBytes) != 0) return -1;
  std::memset(flash.at + offset, 0xFF, bytes);
  return 0;
}

int poll(void*) {
  if (!flash.busy) return -1;
  flash.busy = false;
  return 1;
}

}  // namespace

void map_flash(shoal_port& port, uint8_t* at, uint32_t bytes) {
  flash = {at, bytes, false};
  port.storage = {nullptr, read, poll, write, erase};
  port.storage_bytes = port.storage_there = bytes;
  port.storage_poll_bytes = bytes;
  port.storage_write_bytes = kMappedPageBytes;
  port.storage_erase_bytes = kMappedBlockBytes;
  port.mapped_storage = at;
}

}  // namespace shoal
