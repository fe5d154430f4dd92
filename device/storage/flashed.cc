#include "device/storage/flashed.h"

#include <cstring>

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
      f.secure > kSealed || f.crc != crc_of(f)) {
    return false;
  }
  const bool fits = f.secure == kOpen     ? !has_key(f) && !has_seed(f)
                    : f.secure == kSecure ? has_key(f)
                                          : !has_seed(f);
  return fits && f.name[0] != 0 && f.name[sizeof f.name - 1] == 0 &&
         all_zeros(f.reserved, sizeof f.reserved);
}

bool has_seed(const Flashed& f) { return !all_zeros(f.seed, sizeof f.seed); }
bool has_key(const Flashed& f) { return !all_zeros(f.key, sizeof f.key); }

bool who_it_is(const Flashed& storage, const Flashed* chip, Flashed& out) {
  if (!check_flashed(storage)) return false;
  const bool sealed = storage.secure == kSealed;
  const bool keyed = chip && check_flashed(*chip);
  if (sealed != keyed) return false;
  out = sealed ? *chip : storage;
  return !sealed ||
         (chip->secure == kSealed && has_key(*chip) && !has_key(storage) &&
          std::memcmp(chip->name, storage.name, sizeof chip->name) == 0);
}

}  // namespace shoal
