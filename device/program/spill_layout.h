// Bytes of the spill state in an arena, for planner, loader and runtime alike.
//
//   SpillState                 fixed
//   uint32_t number[pages]     under which a page of this frame was written
//
// A page is one erase block of the store; its payload leaves room for the tag.
#pragma once

#include <cstdint>

#include "device/program/image.h"

namespace shoal {

// The largest unit of writing that a spill area may have; also the piece in
// which a written page is read back.
inline constexpr uint32_t kMostSpillUnit = 512;
inline constexpr uint32_t kMostBadBlocks = 14;
inline constexpr uint32_t kMostSpillPages = 1u << 20;
// The blocks of the ring that hold the ledger: the first two.
inline constexpr uint32_t kLedgerBlocks = 2;

// The fixed part; offsets and words only, no pointers.
struct SpillState {
  uint8_t unit[kMostSpillUnit];  // an entry, or what is read back
  uint8_t page_key[32];
  uint8_t salt[16];  // of this start; zeros: there is none
  uint8_t store_id[16];
  uint32_t bad[kMostBadBlocks];  // positions at which blocks went bad
  uint64_t generation;
  uint32_t bad_blocks;
  uint32_t pages, blocks, run;    // blocks: of the ring
  uint32_t entry_bytes, entries;  // of a ledger block
  uint32_t number, reserved;      // next to take, end of the run
  uint32_t first;                 // number at the frame's begin
  uint32_t offset;                // position = number + offset, mod 2^32
  uint32_t sealed_as;             // the buffer's number; kNowhere: plain
  uint32_t sequence, turn, slot;  // of the next entry
  uint32_t newest;                // slot of the newest entry, in this turn
  uint32_t newest_tag;            // its tag's first bytes
  // By block of the ledger, while it is read: slots up to the last one that is
  // not empty, damaged ones behind the newest, whether any is genuine.
  uint32_t used[kLedgerBlocks], damaged[kLedgerBlocks];
  uint8_t genuine[kLedgerBlocks];
  uint8_t ours;        // an entry that names this store, damaged or not
  uint8_t turn_holds;  // this turn has an entry
  uint8_t unsaved;     // a block went bad
  uint8_t unused[3];
};

static_assert(sizeof(SpillState) == 728);

// Multiple of kAlign; pages <= kMostSpillPages.
constexpr uint32_t spill_state_bytes(uint32_t pages) {
  return align_up(static_cast<uint32_t>(sizeof(SpillState)) + 4 * pages);
}

}  // namespace shoal
