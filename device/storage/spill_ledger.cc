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

uint32_t tag_word(const LedgerEntry& entry) {
  uint32_t word;
  std::memcpy(&word, entry.tag, sizeof word);
  return word;
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
  s.newest = at_ % s.entries;
  s.newest_tag = tag_word(entry);
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
  begin_frame();
  step_ = Step::kIdle;
}

// Checks whether another start has written the ledger since this start read it.
void SpillArea::see(Then then) {
  then_ = then;
  attempts_ = 0;
  step_ = Step::kSeeNewest;
}

// One that is damaged proves nothing.
void SpillArea::newest_seen() {
  const SpillState& s = *state_;
  const LedgerEntry& entry = entry_in(s);
  if (is_erased(s.unit, sizeof entry) ||
      (entry_is_genuine(key_, s.generation, entry) &&
       tag_word(entry) != s.newest_tag)) {
    return fail(Status::kOtherWriter);
  }
  step_ = Step::kSeeNext;
}

void SpillArea::next_seen() {
  const SpillState& s = *state_;
  const LedgerEntry& entry = entry_in(s);
  const bool turns = s.slot >= s.entries;
  if (entry_is_genuine(key_, s.generation, entry) &&
      std::memcmp(entry.store_id, s.store_id, sizeof s.store_id) == 0 &&
      entry.turn == s.turn + (turns ? 1 : 0)) {
    return fail(Status::kOtherWriter);
  }
  nobody_else();
}

void SpillArea::nobody_else() {
  switch (then_) {
    case Then::kReserve:
      return reserve();
    case Then::kMarkBad:
      return went_bad();
    case Then::kBadTag:
      return fail(Status::kBadTag);
  }
}

void SpillArea::reserve() {
  SpillState& s = *state_;
  if (kNowhere - s.number <= s.run) return fail(Status::kSpillFull);
  if (s.slot >= s.entries) return next_slot();
  // A slot that is not empty is of no use, whatever made it so.
  if (!is_erased(s.unit, s.entry_bytes)) return next_slot();
  prepare_entry();
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
  std::memcpy(entry.start, s.salt, sizeof entry.start);
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
  if (++s.slot < s.entries) {
    then_ = Then::kReserve;
    attempts_ = 0;
    step_ = Step::kSeeNext;
    return;
  }
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
  const bool genuine = entry_is_genuine(key_, s.generation, entry);
  if (genuine && std::memcmp(entry.start, s.salt, sizeof s.salt) != 0) {
    return fail(Status::kOtherWriter);
  }
  if (entry.sequence != s.sequence || !genuine) return next_slot();
  s.reserved = entry.number;
  s.newest = s.slot;
  s.newest_tag = tag_word(entry);
  s.turn_holds = 1;
  s.unsaved = 0;
  ++s.sequence;
  ++s.slot;
  step_ = Step::kTake;
}

}  // namespace shoal
