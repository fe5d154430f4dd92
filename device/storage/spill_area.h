// The spill area of a node: pages of activations in storage, level wear, and
// a ledger that survives power cuts. All state lies in the arena (SpillState);
// this struct only points to it.
//
//   SpillArea area;
//   Status s = area.open(config);          // kWait, or a refusal
//   while ((s = area.poll(true)) == kWait) ...   // recovers; kOk: ready
//   area.begin_frame();
//   area.start_write_page(0, buffer);      // then poll to the end; the buffer
//                                          // is used up
//   area.start_read_page(0, buffer);       // likewise; payload, checked
//
// One operation at a time. The storage may be shared: `poll(free)` starts a
// request only if `free`, and while uses_storage() no other user may.
//
// How it works. The area's first two blocks are the ledger, the others a ring.
// Every page takes the ring's next block under a running *number*: it is
// erased, written, read back. Blocks where that fails are remembered and left
// out. The page's tag is bound to its number, which never comes again, so an
// old page cannot pass for a new one. Numbers are reserved in runs: before the
// first block of a run is erased, an entry that covers the run is in the
// ledger. After a power cut numbers continue behind the last run; entries that
// cannot be read (torn, or damaged later) count as runs as well.
//
// An entry's `position` is the count of blocks that the ring has gone on. As
// blocks are taken strictly in turn, block i has been erased
// position / blocks + (i < position % blocks) times, and one that went bad at
// position p, p / blocks + 1 times. Blocks of a run that a power cut left
// unused count as erased: a count is at most one too large for every cut.
// Wear differs by at most one between healthy blocks, and one more a cut. A run
// is long enough that the ledger's blocks wear no faster than the ring's.
//
// A page costs an erasure, a write and a read of page_bytes; a run of
// run_blocks() pages one write of entry_bytes() and three reads of that at
// most. Sealing and opening happen within a poll.
//
// A ledger has one writer. Before a run is reserved, and when a page is not
// what it should be, the newest entry that this start knows and the slot behind
// it are read: an entry of anybody else's ends in kOtherWriter before another
// block is touched. What another start has written in the meantime never passes
// for a page of this one's: with a key each start has its own, without one its
// salt is in the tags.
//
// What a ledger cannot see: that the whole storage was put back to an older
// state. Then numbers come again, but not under the same key.
#pragma once

#include <cstdint>

#include "device/base/status.h"
#include "device/program/spill_layout.h"
#include "device/shoal.h"

namespace shoal {

inline constexpr uint32_t kStartSaltBytes = 16;

// Everything must outlive the area. `cipher` and `key` both or none.
struct SpillConfig {
  const shoal_storage* storage;  // with write and erase
  const shoal_spill_area* area;
  const shoal_cipher* cipher;
  const uint8_t* key;       // kStoreKeyBytes, of this store
  const uint8_t* store_id;  // kStoreIdBytes, of the program
  const uint8_t* salt;      // kStartSaltBytes, see shoal_config; may be null
                            // without a key
  uint64_t generation;
  uint32_t pages;       // that a frame writes, at least 1
  uint32_t page_bytes;  // must be the area's erase_bytes
  void* state;          // spill_state_bytes(pages), kAlign-aligned
};

class SpillArea {
 public:
  // kWait: poll until kOk. kBadArgument: no storage to write, a cipher with
  // other tags; kNoSalt: a key and no salt; kWrongStore: blocks of another
  // size; kSpillFull: too few.
  Status open(const SpillConfig&);

  // The frame's pages so far are forgotten. Not while an operation is under
  // way.
  void begin_frame();
  // kOk: under way. A page is written once a frame. `buffer` has page_bytes
  // and belongs to the area until the end.
  Status start_write_page(uint32_t page, uint8_t* buffer);
  // kBadArgument if this frame has not written it.
  Status start_read_page(uint32_t page, uint8_t* buffer);

  // kWait: under way. kOk: nothing is under way (any more). Final: kSpillFull
  // (no healthy block or number left), kStorage (reads failed three times),
  // kBadTag (a page, read twice, or a ledger that was this program's),
  // kWrongStore (a ledger of no or another program), kOtherWriter.
  Status poll(bool storage_free);
  bool busy() const { return step_ != Step::kIdle; }
  // Returns whether a request of this area is under way.
  bool uses_storage() const { return requested_; }
  // Returns whether it would start one if it might.
  bool wants_storage() const { return busy() && !requested_; }

  // Erasures of block `block` of the area (ledger: 0 and 1) as counted.
  uint32_t erases(uint32_t block) const;
  uint32_t most_erases() const;
  uint32_t bad_blocks() const { return state_->bad_blocks; }
  uint32_t run_blocks() const { return state_->run; }
  uint32_t entry_bytes() const { return state_->entry_bytes; }

 private:
  enum class Step : uint8_t {
    kIdle,
    kScan,       // slot at_ of the ledger is read
    kTake,       // the ring's next block is chosen
    kSeeNewest,  // the newest entry is read, to see that it is
    kSeeNext,    // the slot behind it
    kEraseLedger,
    kWriteEntry,
    kCheckEntry,
    kErase,
    kWrite,
    kCheck,  // from at_ on a piece is read back
    kRead,
    kFailed,
  };
  // The next step if no other start has written the ledger.
  enum class Then : uint8_t { kReserve, kMarkBad, kBadTag };
  static constexpr uint8_t kAttempts = 3;

  uint32_t* numbers() const;
  uint32_t position() const { return state_->number + state_->offset; }
  uint32_t page_offset(uint32_t number) const;
  bool is_bad(uint32_t ring_block) const;

  Status open_checked(const SpillConfig&);
  void fail(Status);
  int start_request();
  void ended(bool good);
  bool again(bool good);

  void scanned();
  void adopt(uint32_t block);
  void finish_scan();

  void take();
  void see(Then);
  void newest_seen();
  void next_seen();
  void nobody_else();
  uint32_t slot_offset(uint32_t turn, uint32_t slot) const;
  void reserve();
  void prepare_entry();
  void next_slot();
  void entry_checked();

  bool seal_page();
  bool open_page();
  void went_bad();
  void mix_salt();
  void piece_checked();
  void page_read();

  const shoal_storage* storage_ = nullptr;
  const shoal_spill_area* area_ = nullptr;
  const shoal_cipher* cipher_ = nullptr;
  const uint8_t* key_ = nullptr;
  SpillState* state_ = nullptr;
  uint8_t* buffer_ = nullptr;
  uint32_t page_ = 0, at_ = 0;
  Step step_ = Step::kIdle;
  Then then_ = Then::kReserve;
  Status failure_ = Status::kOk;
  uint8_t attempts_ = 0;
  bool requested_ = false;
};

}  // namespace shoal
