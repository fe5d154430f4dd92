// An entry of a spill area's ledger, and the first one, which the writer of a
// store puts at the area's first byte (the rest of the area is erased to 0xFF).
// spec/stores.md has the same bytes in prose; spill_area.h says what entries
// are for.
#pragma once

#include <cstddef>
#include <cstdint>

#include "device/program/image.h"
#include "device/program/spill_layout.h"

namespace shoal {

inline constexpr uint32_t kLedgerMagic = 0x4C4C4853;  // "SHLL"

// Numbers and positions below these are used up.
struct LedgerEntry {
  uint32_t magic;
  uint32_t sequence;  // from 1, one more each
  uint32_t number;    // of pages
  uint32_t position;  // blocks that the ring has gone on
  uint32_t turn;      // times that a block of the ledger was erased; the entry
                      // lies in block turn % 2
  uint32_t bad_blocks;
  uint32_t bad[kMostBadBlocks];  // positions at which they went bad; then 0
  uint8_t start[16];             // the salt of the start that wrote it; zeros:
                                 // it had none, or this is the first entry
  uint8_t store_id[16];
  uint8_t tag[kTagBytes];
};
static_assert(sizeof(LedgerEntry) == 128);
static_assert(offsetof(LedgerEntry, tag) == 112);

// Returns the bytes of an entry: whole units of writing.
constexpr uint32_t ledger_entry_bytes(uint32_t write_bytes) {
  return align_up(static_cast<uint32_t>(sizeof(LedgerEntry)), write_bytes);
}

// The tag: with a key the first bytes of HMAC-SHA256 over all before it, for
// entries have no nonce to spend; without one (null) a plain tag.
void seal_entry(const uint8_t* store_key, uint64_t generation, LedgerEntry&);
bool entry_is_genuine(const uint8_t* store_key, uint64_t generation,
                      const LedgerEntry&);

// Returns the first entry of a new area.
LedgerEntry first_entry(const uint8_t* store_key, uint64_t generation,
                        const uint8_t store_id[16]);

// HMAC-SHA256 of "shoal spill" and the salt of a start. It is not a secret, but
// must come from nothing that is put back with the storage: numbers of pages,
// and so nonces, are.
void derive_page_key(const uint8_t store_key[32], const uint8_t salt[16],
                     uint8_t out[32]);

}  // namespace shoal
