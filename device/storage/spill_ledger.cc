// The ledger of a spill area: found again at the start, one entry more for
// every run.
#include <cstring>

#include "device/program/vault.h"
#include "device/storage/ledger.h"
#include "device/storage/spill_area.h"

namespace shoal {
namespace {

const LedgerEntry& entry_in(const SpillState& s) {
  return *reinterpret_cast<const LedgerEntry*>(s.unit);
}

bool is_erased(const uint8_t* bytes, uint32_t count) {
  for (uint32_t i = 0; i < count; ++i) {
    if (bytes[i] != 0xFF) return false;
  }
  return true;
}

}  // namespace

void SpillArea::scanned() {
  SpillState& s = *state_;
  const uint32_t block = at_ / s.entries, slot = at_ % s.entries;
  const LedgerEntry& entry = entry_in(s);
  if (!is_erased(s.unit, s.entry_bytes)) {
    s.used[block] = slot + 1;
    const bool names_it =
        entry.magic == kLedgerMagic &&
        std::memcmp(entry.store_id, s.store_id, sizeof s.store_id) == 0;
    if (names_it) s.ours = 1;
    if (names_it && entry.turn % kLedgerBlocks == block &&
        entry_is_genuine(key_, s.generation, entry)) {
      s.genuine[block] = 1;
      if (entry.sequence > s.sequence) adopt(block);
    } else {
      ++s.damaged[block];
    }
  }
  if (++at_ == kLedgerBlocks * s.entries) finish_scan();
}

void SpillArea::adopt(uint32_t block) {
  SpillState& s = *state_;
  const LedgerEntry& entry = entry_in(s);
  s.sequence = entry.sequence;
  s.number = entry.number;
  s.offset = entry.position - entry.number;
  s.turn = entry.turn;
  s.bad_blocks = entry.bad_blocks;
  std::memcpy(s.bad, entry.bad, sizeof s.bad);
  std::memcpy(s.salt, entry.salt, sizeof s.salt);
  s.damaged[block] = 0;
}

void SpillArea::finish_scan() {
  SpillState& s = *state_;
  if (s.sequence == 0) {
    return fail(s.ours ? Status::kBadTag : Status::kWrongStore);
  }
  const uint32_t here = s.turn % kLedgerBlocks, other = 1 - here;
  // Each may have been an entry that reserved a run, in this block or, if
  // nothing older is left there, in the next turn's.
  uint64_t lost = s.damaged[here];
  if (!s.genuine[other]) lost += s.damaged[other];
  const uint64_t number = s.number + lost * s.run;
  if (number > kNowhere) return fail(Status::kSpillFull);
  s.offset += s.number - static_cast<uint32_t>(number);
  s.number = s.reserved = static_cast<uint32_t>(number);
  s.sequence += static_cast<uint32_t>(lost) + 1;
  s.slot = s.used[here];
  s.turn_holds = 1;
  if (key_) derive_page_key(key_, s.salt, s.page_key);
  begin_frame();
  step_ = Step::kIdle;
}

void SpillArea::reserve() {
  SpillState& s = *state_;
  if (kNowhere - s.number <= s.run) return fail(Status::kSpillFull);
  if (s.slot < s.entries) return prepare_entry();
  next_slot();
}

void SpillArea::prepare_entry() {
  SpillState& s = *state_;
  LedgerEntry entry{};
  entry.magic = kLedgerMagic;
  entry.sequence = s.sequence;
  entry.number = s.number + s.run;
  entry.position = position() + s.run;
  entry.turn = s.turn;
  entry.bad_blocks = s.bad_blocks;
  std::memcpy(entry.bad, s.bad, sizeof entry.bad);
  std::memcpy(entry.salt, s.salt, sizeof entry.salt);
  std::memcpy(entry.store_id, s.store_id, sizeof entry.store_id);
  seal_entry(key_, s.generation, entry);
  std::memset(s.unit, 0xFF, sizeof s.unit);
  std::memcpy(s.unit, &entry, sizeof entry);
  step_ = Step::kWriteEntry;
}

// The slot is full or of no use.
void SpillArea::next_slot() {
  SpillState& s = *state_;
  ++s.sequence;
  if (++s.slot < s.entries) return prepare_entry();
  // The other block may hold the only entry that counts.
  if (!s.turn_holds) return fail(Status::kSpillFull);
  ++s.turn;
  s.slot = 0;
  s.turn_holds = 0;
  step_ = Step::kEraseLedger;
}

void SpillArea::entry_checked() {
  SpillState& s = *state_;
  const LedgerEntry& entry = entry_in(s);
  if (entry.sequence != s.sequence ||
      !entry_is_genuine(key_, s.generation, entry)) {
    return next_slot();
  }
  s.reserved = entry.number;
  s.turn_holds = 1;
  s.unsaved = 0;
  ++s.sequence;
  ++s.slot;
  step_ = Step::kTake;
}

}  // namespace shoal
