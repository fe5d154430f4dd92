#include "boards/firmware/self_test.h"

#include <cstring>

#include "boards/firmware/options.h"

namespace shoal {
namespace {

// Deeper than any stack, in a way that the compiler makes no loop of.
constexpr uint32_t kDepth = 1u << 20;
__attribute__((noinline)) uint32_t dig(volatile uint32_t* above) {
  volatile uint32_t here[8];
  here[0] = *above + 1;
  return here[0] < kDepth ? dig(here) + here[0] : 0;
}

constexpr uint32_t kBefore = 64;  // bytes of the block before

bool ended(const shoal_storage& s, int refused) {
  int answer = refused ? -1 : 0;
  while (answer == 0) answer = s.poll(s.user);
  return answer > 0;
}

// One unit after the other, each of a byte of its own.
uint8_t pattern(uint32_t unit, uint32_t at) {
  return static_cast<uint8_t>(unit * 37 + at * 11 + (at >> 3));
}

// `mask`: what the bits were before.
bool holds(const shoal_port& port, uint32_t block, uint32_t unit, uint8_t mask,
           bool erased) {
  const shoal_storage& s = port.storage;
  auto* read = static_cast<uint8_t*>(port.arena);
  const uint32_t bytes = port.storage_write_bytes;
  if (!ended(s, s.read(s.user, block + unit * bytes, bytes, read))) {
    return false;
  }
  for (uint32_t i = 0; i < bytes; ++i) {
    const uint8_t value = erased ? 0xFF : pattern(unit, i);
    if (read[i] != (value & mask)) return false;
  }
  return true;
}

bool write_pattern(const shoal_port& port, uint32_t block, uint32_t unit) {
  const shoal_storage& s = port.storage;
  auto* bytes = static_cast<uint8_t*>(port.arena);
  const uint32_t count = port.storage_write_bytes;
  for (uint32_t i = 0; i < count; ++i) bytes[i] = pattern(unit, i);
  return ended(s, s.write(s.user, block + unit * count, count, bytes));
}

// Flash: bits are only cleared; a card: what was there is replaced.
bool overwrites_as_it_says(const shoal_port& port, uint32_t block) {
  constexpr uint8_t kMask = 0x5A;
  const shoal_storage& s = port.storage;
  auto* bytes = static_cast<uint8_t*>(port.arena);
  for (uint32_t i = 0; i < port.storage_write_bytes; ++i) bytes[i] = kMask;
  const uint32_t count = port.storage_write_bytes;
  if (!ended(s, s.write(s.user, block, count, bytes))) return false;
  if (!port.storage_replaces) return holds(port, block, 0, kMask, false);
  std::memset(bytes, 0, count);
  if (!ended(s, s.read(s.user, block, count, bytes))) return false;
  for (uint32_t i = 0; i < count; ++i) {
    if (bytes[i] != kMask) return false;
  }
  return true;
}

}  // namespace

bool storage_works(const shoal_port& port) {
  const shoal_storage& s = port.storage;
  const uint32_t unit = port.storage_write_bytes;
  const uint32_t bytes = port.storage_erase_bytes;
  if (!s.write || !s.erase || unit == 0 || port.storage_bytes < 2 * bytes ||
      port.arena_bytes < unit + 2 * kBefore) {
    return false;
  }
  const uint32_t block = port.storage_bytes - bytes;
  uint8_t* before = static_cast<uint8_t*>(port.arena) + unit;
  if (!ended(s, s.read(s.user, block - kBefore, kBefore, before)) ||
      !ended(s, s.erase(s.user, block, bytes))) {
    return false;
  }
  for (uint32_t u = 0; u < bytes / unit; ++u) {
    if (!holds(port, block, u, 0xFF, true)) return false;
  }
  for (uint32_t u = 0; u < bytes / unit; ++u) {
    if (!write_pattern(port, block, u)) return false;
  }
  for (uint32_t u = 0; u < bytes / unit; ++u) {
    if (!holds(port, block, u, 0xFF, false)) return false;
  }
  if (!overwrites_as_it_says(port, block) ||
      !ended(s, s.erase(s.user, block, bytes)) ||
      !holds(port, block, 0, 0xFF, true)) {
    return false;
  }
  uint8_t* after = before + kBefore;
  return ended(s, s.read(s.user, block - kBefore, kBefore, after)) &&
         std::memcmp(before, after, kBefore) == 0;
}

void run_self_test(const shoal_port& port) {
  if (has_option(port.command, "test=stack")) {
    volatile uint32_t top = 0;
    volatile uint32_t sum = dig(&top);
    static_cast<void>(sum);
  }
  if (has_option(port.command, "test=hang")) {
    for (;;) port.read_ticks(port.user);
  }
  if (has_option(port.command, "test=memory")) {
    auto* end = static_cast<volatile uint8_t*>(port.arena) + port.arena_bytes;
    volatile uint8_t byte = *end;
    static_cast<void>(byte);
  }
}

}  // namespace shoal
