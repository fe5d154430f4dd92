// The seed of a board without a source of random bytes, where a storage keeps
// what is written: every start replaces it before anything is drawn from it, so
// that no two starts draw the same, wherever power goes away in between. What
// was replaced is overwritten: who reads the storage later learns nothing of
// what was drawn before. spec/stores.md has the bytes in prose.
#pragma once

#include <cstdint>

#include "device/base/status.h"
#include "device/shoal.h"

namespace shoal {

inline constexpr uint32_t kSeedBytes = 32, kSeedBlocks = 2, kSeedsOfABlock = 16;

struct SeedsConfig {
  const shoal_storage* storage = nullptr;
  uint32_t at = 0;    // kSeedBlocks blocks
  uint32_t mark = 0;  // a unit: erased while the flashed seed is unused
  uint32_t write_bytes = 0, erase_bytes = 0;
  bool replaces = false;    // as shoal_port::storage_replaces
  uint8_t* unit = nullptr;  // write_bytes to work in
};

// `out`: for this start alone. kStorage: the storage fails. kNoSalt: what it
// has left is no seed, or one that was used.
Status take_seed(const SeedsConfig&, const uint8_t (&flashed)[kSeedBytes],
                 uint8_t (&out)[kSeedBytes]);

}  // namespace shoal
