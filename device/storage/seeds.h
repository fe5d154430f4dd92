// The seed of a board without a source of random bytes, where a storage keeps
// what is written: every start replaces it before anything is drawn from it, so
// that no two starts draw the same, wherever power goes away in between. What
// was replaced, the flashed one first, is overwritten before the new one is
// used: a later reader of the storage learns nothing of what was drawn before,
// as far as the storage overwrites in place. spec/stores.md has the bytes in
// prose.
#pragma once

#include <cstdint>

#include "device/base/status.h"
#include "device/shoal.h"

namespace shoal {

inline constexpr uint32_t kSeedBytes = 32, kSeedBlocks = 2, kSeedsOfABlock = 16;
// Where the flashed one is in Flashed's block: on a unit of any size.
inline constexpr uint32_t kFlashedSeedAt = 4096;

struct SeedNote {
  uint32_t magic;
  uint32_t count;  // of starts; 0: the flashed one
  uint8_t seed[kSeedBytes];
  uint32_t crc;  // CRC-32C of the bytes before
};
static_assert(sizeof(SeedNote) == 44);

// Returns the note with which a board is flashed.
SeedNote flashed_seed(const uint8_t (&seed)[kSeedBytes]);

struct SeedsConfig {
  const shoal_storage* storage = nullptr;
  uint32_t at = 0;       // kSeedBlocks blocks
  uint32_t flashed = 0;  // the flashed note's unit, zeros once it is used
  uint32_t write_bytes = 0, erase_bytes = 0;
  bool replaces = false;    // as shoal_port::storage_replaces
  uint8_t* unit = nullptr;  // write_bytes to work in
};

// `out`: for this start alone, left as it is unless kOk. kStorage: the storage
// fails. kNoSalt: no seed is left in it.
Status take_seed(const SeedsConfig&, uint8_t (&out)[kSeedBytes]);

// The same where the storage is memory, which a reset keeps and a loss of power
// does not: then it holds anything, and the board's starter has put a new seed
// into `seed`. The note of the next start is whole before the one before it
// goes, so that a reset may come at any store.
struct SeedNotes {
  SeedNote two[2];
};
// `first`: where there is no note, the seed is taken that was put there, else
// kNoSalt. `seed` becomes that of this start, if kOk.
Status take_seed(SeedNotes&, bool first, uint8_t (&seed)[kSeedBytes]);

}  // namespace shoal
