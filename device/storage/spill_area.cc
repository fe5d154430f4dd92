#include "device/storage/spill_area.h"

#include <cstring>

#include "device/program/tag.h"
#include "device/program/vault.h"
#include "device/storage/ledger.h"

namespace shoal {
namespace {

constexpr uint32_t least(uint32_t a, uint32_t b) { return a < b ? a : b; }

bool makes_sense(const SpillConfig& c) {
  if (!c.storage || !c.storage->write || !c.storage->erase || !c.area ||
      !c.state || !c.store_id || !c.cipher != !c.key ||
      (c.cipher && c.cipher->tag_bytes != kTagBytes)) {
    return false;
  }
  const shoal_spill_area& a = *c.area;
  return a.write_bytes > 0 && a.write_bytes <= kMostSpillUnit &&
         a.erase_bytes > kTagBytes && a.erase_bytes % a.write_bytes == 0 &&
         a.offset % a.erase_bytes == 0 && a.bytes % a.erase_bytes == 0 &&
         a.bytes <= 0xFFFFFFFF - a.offset &&
         ledger_entry_bytes(a.write_bytes) <=
             least(a.erase_bytes, kMostSpillUnit) &&
         c.pages > 0 && c.pages <= kMostSpillPages;
}

}  // namespace

uint32_t* SpillArea::numbers() const {
  return reinterpret_cast<uint32_t*>(state_ + 1);
}

uint32_t SpillArea::slot_offset(uint32_t turn, uint32_t slot) const {
  return area_->offset + turn % kLedgerBlocks * area_->erase_bytes +
         slot * state_->entry_bytes;
}

uint32_t SpillArea::page_offset(uint32_t number) const {
  const uint32_t block = (number + state_->offset) % state_->blocks;
  return area_->offset + (kLedgerBlocks + block) * area_->erase_bytes;
}

bool SpillArea::is_bad(uint32_t ring_block) const {
  for (uint32_t i = 0; i < state_->bad_blocks; ++i) {
    if (state_->bad[i] % state_->blocks == ring_block) return true;
  }
  return false;
}

void SpillArea::fail(Status status) {
  step_ = Step::kFailed;
  failure_ = status;
}

Status SpillArea::open(const SpillConfig& config) {
  requested_ = false;
  const Status status = open_checked(config);
  if (status == Status::kWait) {
    step_ = Step::kScan;
  } else {
    fail(status);
  }
  return status;
}

Status SpillArea::open_checked(const SpillConfig& config) {
  if (!makes_sense(config)) return Status::kBadArgument;
  if (config.key && !config.salt) return Status::kNoSalt;
  const shoal_spill_area& area = *config.area;
  if (config.page_bytes != area.erase_bytes) return Status::kWrongStore;
  const uint32_t blocks = area.bytes / area.erase_bytes;
  if (blocks < kLedgerBlocks + config.pages) return Status::kSpillFull;
  storage_ = config.storage;
  area_ = config.area;
  cipher_ = config.cipher;
  key_ = config.key;
  state_ = static_cast<SpillState*>(config.state);
  std::memset(static_cast<void*>(state_), 0, spill_state_bytes(config.pages));
  SpillState& s = *state_;
  std::memcpy(s.store_id, config.store_id, kStoreIdBytes);
  if (config.salt) std::memcpy(s.salt, config.salt, kStartSaltBytes);
  if (key_) derive_page_key(key_, s.salt, s.page_key);
  s.generation = config.generation;
  s.pages = config.pages;
  s.blocks = blocks - kLedgerBlocks;
  s.entry_bytes = ledger_entry_bytes(area.write_bytes);
  s.entries = area.erase_bytes / s.entry_bytes;
  const uint32_t even = (s.blocks - 1) / (kLedgerBlocks * s.entries) + 1;
  s.run = even > s.pages ? even : s.pages;
  at_ = 0;
  attempts_ = 0;
  return Status::kWait;
}

void SpillArea::begin_frame() {
  state_->first = state_->number;
  std::memset(numbers(), 0xFF, 4 * state_->pages);
}

Status SpillArea::start_write_page(uint32_t page, uint8_t* buffer) {
  if (step_ == Step::kFailed) return failure_;
  if (busy() || page >= state_->pages || numbers()[page] != kNowhere) {
    return Status::kBadArgument;
  }
  page_ = page;
  buffer_ = buffer;
  state_->sealed_as = kNowhere;
  step_ = Step::kTake;
  return Status::kOk;
}

Status SpillArea::start_read_page(uint32_t page, uint8_t* buffer) {
  if (step_ == Step::kFailed) return failure_;
  if (busy() || page >= state_->pages || numbers()[page] == kNowhere) {
    return Status::kBadArgument;
  }
  page_ = page;
  buffer_ = buffer;
  at_ = 0;
  attempts_ = 0;
  step_ = Step::kRead;
  return Status::kOk;
}

// One request at most is started, so a call's time is bounded.
Status SpillArea::poll(bool storage_free) {
  if (requested_) {
    const int answer = storage_->poll(storage_->user);
    if (answer == 0) return Status::kWait;
    requested_ = false;
    ended(answer > 0);
  }
  if (step_ == Step::kTake) take();
  if (step_ == Step::kIdle) return Status::kOk;
  if (step_ == Step::kFailed) return failure_;
  if (!storage_free) return Status::kWait;
  if (start_request() == 0) {
    requested_ = true;
    return Status::kWait;
  }
  ended(false);
  return step_ == Step::kFailed ? failure_ : Status::kWait;
}

int SpillArea::start_request() {
  SpillState& s = *state_;
  void* const user = storage_->user;
  const uint32_t slot = slot_offset(s.turn, s.slot);
  switch (step_) {
    case Step::kScan:
      return storage_->read(user, slot_offset(at_ / s.entries, at_ % s.entries),
                            s.entry_bytes, s.unit);
    case Step::kSeeNewest:
      return storage_->read(user, slot_offset(s.turn, s.newest),
                            sizeof(LedgerEntry), s.unit);
    case Step::kSeeNext:
      return storage_->read(
          user, s.slot < s.entries ? slot : slot_offset(s.turn + 1, 0),
          s.entry_bytes, s.unit);
    case Step::kEraseLedger:
      return storage_->erase(user, slot_offset(s.turn, 0), area_->erase_bytes);
    case Step::kWriteEntry:
      return storage_->write(user, slot, s.entry_bytes, s.unit);
    case Step::kCheckEntry:
      return storage_->read(user, slot, sizeof(LedgerEntry), s.unit);
    case Step::kErase:
      return storage_->erase(user, page_offset(s.number), area_->erase_bytes);
    case Step::kWrite:
      return storage_->write(user, page_offset(s.number), area_->erase_bytes,
                             buffer_);
    case Step::kCheck:
      return storage_->read(user, page_offset(s.number) + at_,
                            least(kMostSpillUnit, area_->erase_bytes - at_),
                            s.unit);
    default:
      return storage_->read(user, page_offset(numbers()[page_]),
                            area_->erase_bytes, buffer_);
  }
}

// Returns whether the request, which failed if not `good`, is to be repeated.
bool SpillArea::again(bool good) {
  if (good) {
    attempts_ = 0;
    return false;
  }
  return ++attempts_ < kAttempts;
}

void SpillArea::ended(bool good) {
  switch (step_) {
    case Step::kScan:
      if (again(good)) return;
      return good ? scanned() : fail(Status::kStorage);
    case Step::kSeeNewest:
      if (again(good)) return;
      return good ? newest_seen() : fail(Status::kStorage);
    case Step::kSeeNext:
      if (again(good)) return;
      return good ? next_seen() : fail(Status::kStorage);
    case Step::kEraseLedger:
      return good ? prepare_entry() : fail(Status::kSpillFull);
    case Step::kWriteEntry:
      if (!good) return next_slot();
      attempts_ = 0;
      step_ = Step::kCheckEntry;
      return;
    case Step::kCheckEntry:
      if (again(good)) return;
      return good ? entry_checked() : next_slot();
    case Step::kErase:
      if (!good) return went_bad();
      step_ = Step::kWrite;
      return;
    case Step::kWrite:
      if (!good) return went_bad();
      at_ = 0;
      attempts_ = 0;
      step_ = Step::kCheck;
      return;
    case Step::kCheck:
      if (again(good)) return;
      return good ? piece_checked() : went_bad();
    default:
      if (again(good)) return;
      return good ? page_read() : fail(Status::kStorage);
  }
}

uint32_t SpillArea::erases(uint32_t block) const {
  const SpillState& s = *state_;
  if (block < kLedgerBlocks) return (s.turn + block) / kLedgerBlocks;
  const uint32_t in_ring = block - kLedgerBlocks;
  for (uint32_t i = 0; i < s.bad_blocks; ++i) {
    if (s.bad[i] % s.blocks == in_ring) return s.bad[i] / s.blocks + 1;
  }
  return position() / s.blocks + (in_ring < position() % s.blocks ? 1 : 0);
}

uint32_t SpillArea::most_erases() const {
  const SpillState& s = *state_;
  const uint32_t ring =
      position() / s.blocks + (position() % s.blocks > 0 ? 1 : 0);
  const uint32_t ledger = erases(kLedgerBlocks - 1);
  return ring > ledger ? ring : ledger;
}

}  // namespace shoal
