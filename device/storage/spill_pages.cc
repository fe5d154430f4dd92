// Pages of a spill area: the next block of the ring, seal, write, read back.
#include <cstring>

#include "device/program/tag.h"
#include "device/program/vault.h"
#include "device/storage/ledger.h"
#include "device/storage/spill_area.h"

namespace shoal {

void SpillArea::take() {
  SpillState& s = *state_;
  for (;; ++s.number) {
    // Behind a whole round lie pages of this frame.
    if (s.number - s.first >= s.blocks) {
      return fail(Status::kSpillFull);
    }
    if (s.number == s.reserved || s.unsaved) return see(Then::kReserve);
    if (!is_bad(position() % s.blocks)) break;
  }
  if (!seal_page()) return fail(Status::kBadArgument);
  step_ = Step::kErase;
}

// Without a key, the salt in the tag keeps another start's pages out.
void SpillArea::mix_salt() {
  uint8_t* const tag = buffer_ + page_payload(area_->erase_bytes);
  for (uint32_t i = 0; i < kTagBytes; ++i) tag[i] ^= state_->salt[i];
}

bool SpillArea::seal_page() {
  SpillState& s = *state_;
  const uint32_t payload = page_payload(area_->erase_bytes);
  if (!cipher_) {
    make_tag(TagKind::kPage, s.number, static_cast<uint32_t>(s.generation),
             buffer_, payload, buffer_ + payload);
    mix_salt();
    return true;
  }
  // A second attempt: another number, so another ciphertext.
  if (s.sealed_as != kNowhere &&
      cipher_->open(s.page_key, store_nonce(TagKind::kPage, s.sealed_as),
                    nullptr, 0, buffer_, payload) != 0) {
    return false;
  }
  s.sealed_as = s.number;
  return cipher_->seal(s.page_key, store_nonce(TagKind::kPage, s.number),
                       nullptr, 0, buffer_, payload) == 0;
}

bool SpillArea::open_page() {
  SpillState& s = *state_;
  const uint32_t payload = page_payload(area_->erase_bytes);
  const uint32_t number = numbers()[page_];
  if (!cipher_) {
    mix_salt();
    return tag_follows(TagKind::kPage, number,
                       static_cast<uint32_t>(s.generation), buffer_, payload);
  }
  return cipher_->open(s.page_key, store_nonce(TagKind::kPage, number), nullptr,
                       0, buffer_, payload) == 0;
}

void SpillArea::went_bad() {
  SpillState& s = *state_;
  if (s.bad_blocks == kMostBadBlocks) return fail(Status::kSpillFull);
  s.bad[s.bad_blocks++] = position();
  ++s.number;
  s.unsaved = 1;
  step_ = Step::kTake;
}

void SpillArea::piece_checked() {
  SpillState& s = *state_;
  const uint32_t left = area_->erase_bytes - at_;
  const uint32_t bytes = left < kMostSpillUnit ? left : kMostSpillUnit;
  if (std::memcmp(s.unit, buffer_ + at_, bytes) != 0)
    return see(Then::kMarkBad);
  at_ += bytes;
  if (at_ < area_->erase_bytes) return;
  numbers()[page_] = s.number++;
  step_ = Step::kIdle;
}

void SpillArea::page_read() {
  if (open_page()) {
    step_ = Step::kIdle;
  } else if (++at_ > 1) {
    see(Then::kBadTag);
  }
}

}  // namespace shoal
