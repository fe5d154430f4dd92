#include "device/storage/flashed.h"

#include "device/base/crc32c.h"

namespace shoal {
namespace {

uint32_t crc_of(const Flashed& f) {
  return crc32c(0, reinterpret_cast<const uint8_t*>(&f),
                offsetof(Flashed, crc));
}

bool all_zeros(const void* of, uint32_t bytes) {
  const auto* at = static_cast<const uint8_t*>(of);
  uint8_t any = 0;
  for (uint32_t i = 0; i < bytes; ++i) any = static_cast<uint8_t>(any | at[i]);
  return any == 0;
}

}  // namespace

void seal_flashed(Flashed& f) { f.crc = crc_of(f); }

bool check_flashed(const Flashed& f) {
  if (f.magic != kFlashedMagic || f.version != kFlashedVersion ||
      f.secure > 1 || f.crc != crc_of(f)) {
    return false;
  }
  const bool no_key = all_zeros(f.key, sizeof f.key);
  return f.name[0] != 0 && f.name[sizeof f.name - 1] == 0 &&
         (f.secure ? !no_key : no_key && !has_seed(f)) &&
         all_zeros(f.reserved, sizeof f.reserved);
}

bool has_seed(const Flashed& f) { return !all_zeros(f.seed, sizeof f.seed); }

}  // namespace shoal
