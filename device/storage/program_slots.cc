#include "device/storage/program_slots.h"

#include <cstddef>
#include <cstring>

#include "device/base/crc32c.h"
#include "device/program/sha256.h"

namespace shoal {
namespace {

constexpr uint32_t kAnnounced = 0x41504853;  // "SHPA"
constexpr uint32_t kWhole = 0x57504853;      // "SHPW"
constexpr uint32_t kMark = 0x4D504853;       // "SHPM"

uint32_t least(uint32_t a, uint32_t b) { return a < b ? a : b; }

}  // namespace

Status ProgramSlots::open(const ProgramSlotsConfig& config) {
  c_ = config;
  face_ = {this, read_start, read_poll, nullptr, nullptr};
  current_ = target_ = kNone;
  const shoal_storage* const s = c_.storage;
  const bool usable =
      s && s->read && s->poll && s->write && s->erase &&
      c_.write_bytes >= sizeof(Note) && c_.write_bytes <= kMostProgramUnit &&
      c_.erase_bytes % c_.write_bytes == 0 && units() >= 4 &&
      first() % c_.erase_bytes == 0 && slot_bytes() >= 2 * c_.erase_bytes;
  if (!usable) return Status::kBadArgument;
  for (uint32_t i = 0; i < kSlots; ++i) {
    if (!load(i)) return Status::kStorage;
    const bool newer = current_ == kNone ||
                       static_cast<int32_t>(slots_[i].sequence -
                                            slots_[current_].sequence) > 0;
    if (slots_[i].whole && newer) current_ = i;
  }
  return Status::kOk;
}

uint32_t ProgramSlots::slot_bytes() const {
  return c_.bytes / kSlots / c_.erase_bytes * c_.erase_bytes;
}

uint32_t ProgramSlots::capacity() const {
  return slot_bytes() - c_.erase_bytes;
}

// Whole blocks, so few that there is a unit for each one's mark.
uint32_t ProgramSlots::piece_bytes() const {
  const uint32_t blocks = capacity() / c_.erase_bytes, marks = units() - 2;
  return (blocks + marks - 1) / marks * c_.erase_bytes;
}

uint32_t ProgramSlots::program(uint8_t* hash) const {
  if (current_ == kNone) return 0;
  const Note& n = slots_[current_].announced;
  std::memcpy(hash, n.hash, sizeof n.hash);
  return n.bytes;
}

void ProgramSlots::tell(uint32_t index, HeldPrograms& held) const {
  held = {};
  for (const Slot& s : slots_) {
    held.storage_bytes += capacity();
    if (!s.whole) held.free_bytes += capacity();
    if (!s.whole || held.programs++ != index) continue;
    held.program_bytes = s.announced.bytes;
    std::memcpy(held.program_hash, s.announced.hash, sizeof s.announced.hash);
  }
}

bool ProgramSlots::load(uint32_t slot) {
  Slot& s = slots_[slot];
  Note whole;
  if (!read_note(base(slot), kAnnounced, s.announced) ||
      !read_note(data(slot) - c_.write_bytes, kWhole, whole)) {
    return false;
  }
  s.whole = s.announced.magic != 0 && whole.magic != 0 &&
            whole.bytes == s.announced.bytes &&
            std::memcmp(whole.hash, s.announced.hash, sizeof whole.hash) == 0;
  s.sequence = whole.sequence;
  return true;
}

uint32_t ProgramSlots::slot_of(uint32_t bytes, const uint8_t* hash) const {
  for (uint32_t i = 0; i < kSlots; ++i) {
    const Note& n = slots_[i].announced;
    if (n.magic != 0 && n.bytes == bytes &&
        std::memcmp(n.hash, hash, sizeof n.hash) == 0) {
      return i;
    }
  }
  return kNone;
}

// For a new program: one without any, else that of the one that is not wanted
// now.
uint32_t ProgramSlots::next_slot() const {
  for (uint32_t i = 0; i < kSlots; ++i) {
    if (!slots_[i].whole) return i;
  }
  return current_ == 0 ? 1 : 0;
}

Status ProgramSlots::begin(uint32_t bytes, const uint8_t* hash,
                           uint32_t& from) {
  settle();
  from = 0;
  if (bytes == 0 || bytes > capacity()) return Status::kBadArgument;
  const uint32_t same = slot_of(bytes, hash);
  if (same != kNone && slots_[same].whole && same != current_ && c_.mapped) {
    return begin_again(same, from) ? Status::kOk : fail();
  }
  if (same != kNone && slots_[same].whole) {
    current_ = same;
    target_ = kNone;
    ended_ = Status::kOk;
    from = bytes;
    return Status::kOk;
  }
  // Asked once more: what has come since has been answered. The last byte is
  // always missing.
  if (target_ != kNone && same == target_) {
    from = least(done_, bytes - 1);
    return Status::kOk;
  }
  ended_ = Status::kStorage;
  target_ = same != kNone ? same : next_slot();
  const bool ready = same != kNone ? find_marks(from) : prepare(bytes, hash);
  if (!ready) target_ = kNone;
  done_ = from;
  return ready ? Status::kOk : Status::kStorage;
}

// The target has nothing but the announcement.
bool ProgramSlots::prepare(uint32_t bytes, const uint8_t* hash) {
  slots_[target_] = {};
  Note n{};
  n.magic = kAnnounced;
  n.bytes = bytes;
  std::memcpy(n.hash, hash, sizeof n.hash);
  if (!erase(base(target_)) || !write_note(base(target_), n)) return false;
  slots_[target_].announced = n;
  return true;
}

// The whole program of the older slot loses its last note, which is newer when
// its last piece has come again.
bool ProgramSlots::begin_again(uint32_t slot, uint32_t& from) {
  const Note n = slots_[slot].announced;
  target_ = slot;
  ended_ = Status::kStorage;
  if (!prepare(n.bytes, n.hash)) return false;
  const uint32_t pieces = (n.bytes - 1) / piece_bytes();
  for (uint32_t i = 1; i <= pieces; ++i) {
    if (!mark(i)) return false;
  }
  done_ = from = pieces * piece_bytes();
  return true;
}

// The last byte is always missing: who sends it asks whether all is well.
bool ProgramSlots::find_marks(uint32_t& from) {
  const uint32_t bytes = slots_[target_].announced.bytes;
  const uint32_t whole = (bytes - 1) / piece_bytes();
  for (uint32_t i = 0; i < whole; ++i) {
    uint32_t mark = 0;
    const uint32_t at = base(target_) + (1 + i) * c_.write_bytes;
    const bool read = get(at, &mark, sizeof mark);
    if (!read && !c_.replaces) return false;
    if (!read || mark != kMark) break;
    from = (i + 1) * piece_bytes();
  }
  return true;
}

bool ProgramSlots::mark(uint32_t piece) {
  std::memset(unit_, 0xFF, sizeof unit_);
  std::memcpy(unit_, &kMark, sizeof kMark);
  return put_unit(base(target_) + piece * c_.write_bytes);
}

Status ProgramSlots::write(uint32_t offset, const uint8_t* from,
                           uint32_t bytes) {
  if (target_ == kNone) {
    return ended_ == Status::kOk ? Status::kOk : Status::kStorage;
  }
  if (offset > done_) return Status::kWait;
  const uint32_t all = slots_[target_].announced.bytes;
  if (offset > all || bytes > all - offset) return Status::kBadArgument;
  const uint32_t known = done_ - offset;
  if (known >= bytes) return Status::kOk;
  from += known, bytes -= known;
  while (bytes > 0) {
    const uint32_t at = done_ % c_.write_bytes;
    const bool erases = !c_.replaces && done_ % c_.erase_bytes == 0;
    if (erases && !erase(data(target_) + done_)) return fail();
    if (at == 0) std::memset(unit_, 0xFF, sizeof unit_);
    const uint32_t some = least(bytes, c_.write_bytes - at);
    std::memcpy(unit_ + at, from, some);
    from += some, bytes -= some, done_ += some;
    if (at + some == c_.write_bytes && !flush()) return fail();
  }
  return Status::kOk;
}

// Bytes that have come since the last mark are sent again.
Status ProgramSlots::fail() {
  target_ = kNone;
  ended_ = Status::kStorage;
  return ended_;
}

// The unit that has become full, and the piece whose last one it is.
bool ProgramSlots::flush() {
  if (!put_unit(data(target_) + done_ - c_.write_bytes)) return false;
  return done_ % piece_bytes() != 0 || mark(done_ / piece_bytes());
}

Status ProgramSlots::end() {
  if (target_ == kNone) return ended_;
  Slot& s = slots_[target_];
  if (done_ != s.announced.bytes) return Status::kWait;
  const uint32_t tail = done_ % c_.write_bytes;
  if (tail != 0 && !put_unit(data(target_) + done_ - tail)) return fail();
  const Status same = check_hash();
  if (same == Status::kBadHash) return give_up(same);
  if (same != Status::kOk) return fail();
  if (c_.mapped && !c_.mapped->accepts(c_.mapped->user, data(target_))) {
    return give_up(Status::kBadRecord);
  }
  Note n = s.announced;
  n.magic = kWhole;
  // Later than any that is whole, also one that was put back by discard().
  n.sequence = 1;
  for (uint32_t i = 0; i < kSlots; ++i) {
    if (i == target_ || !slots_[i].whole) continue;
    n.sequence = slots_[i].sequence + 1;
  }
  const uint32_t last = data(target_) - c_.write_bytes;
  Note there;
  if (!write_note(last, n) || !read_note(last, kWhole, there) ||
      there.magic == 0) {
    return give_up(Status::kStorage);
  }
  s.whole = true;
  s.sequence = n.sequence;
  current_ = target_;
  target_ = kNone;
  ended_ = Status::kOk;
  return Status::kOk;
}

Status ProgramSlots::give_up(Status why) {
  slots_[target_] = {};
  const bool erased = erase(base(target_));
  target_ = kNone;
  ended_ = erased ? why : Status::kStorage;
  return ended_;
}

// Checks the hash of what lies in the storage. kStorage: it cannot be read, and
// may be right.
Status ProgramSlots::check_hash() {
  const Note& n = slots_[target_].announced;
  Sha256 sha;
  for (uint32_t at = 0; at < n.bytes;) {
    const uint32_t some = least(n.bytes - at, c_.write_bytes);
    if (!get(data(target_) + at, unit_, some)) return Status::kStorage;
    sha.add(unit_, some);
    at += some;
    if (c_.mapped) c_.mapped->waits(c_.mapped->user);
  }
  uint8_t hash[32];
  const bool same =
      sha.finish(hash) && std::memcmp(hash, n.hash, sizeof hash) == 0;
  return same ? Status::kOk : Status::kBadHash;
}

void ProgramSlots::discard() {
  if (current_ == kNone) return;
  settle();
  slots_[current_] = {};
  static_cast<void>(erase(base(current_)));
  current_ = kNone;
}

void ProgramSlots::settle() {
  while (busy_) static_cast<void>(read_poll(this));
}

bool ProgramSlots::read(uint32_t offset, void* to, uint32_t bytes) {
  return current_ != kNone && get(data(current_) + offset, to, bytes);
}

const uint8_t* ProgramSlots::mapped() const {
  if (!c_.mapped || current_ == kNone) return nullptr;
  return c_.mapped->flash + data(current_);
}

int ProgramSlots::read_start(void* self, uint32_t offset, uint32_t bytes,
                             void* to) {
  ProgramSlots& p = *static_cast<ProgramSlots*>(self);
  if (p.current_ == kNone || offset > p.capacity() ||
      bytes > p.capacity() - offset) {
    return -1;
  }
  const shoal_storage& s = *p.c_.storage;
  const int answer = s.read(s.user, p.data(p.current_) + offset, bytes, to);
  p.busy_ = p.busy_ || answer == 0;
  return answer;
}

int ProgramSlots::read_poll(void* self) {
  ProgramSlots& p = *static_cast<ProgramSlots*>(self);
  const int answer = p.c_.storage->poll(p.c_.storage->user);
  if (answer != 0) p.busy_ = false;
  return answer;
}

bool ProgramSlots::finish(int started) {
  if (started != 0) return false;
  int answer = 0;
  while (answer == 0) answer = c_.storage->poll(c_.storage->user);
  return answer > 0;
}

bool ProgramSlots::get(uint32_t offset, void* to, uint32_t bytes) {
  const shoal_storage& s = *c_.storage;
  return finish(s.read(s.user, offset, bytes, to));
}

bool ProgramSlots::put_unit(uint32_t offset) {
  const shoal_storage& s = *c_.storage;
  return finish(s.write(s.user, offset, c_.write_bytes, unit_));
}

bool ProgramSlots::erase(uint32_t block) {
  const shoal_storage& s = *c_.storage;
  return finish(s.erase(s.user, block, c_.erase_bytes));
}

// With magic 0 if there is none. False: the storage fails.
bool ProgramSlots::read_note(uint32_t offset, uint32_t magic, Note& n) {
  if (!get(offset, &n, sizeof n)) {
    n = {};
    return c_.replaces;
  }
  const auto* const bytes = reinterpret_cast<const uint8_t*>(&n);
  const bool good = n.magic == magic && n.bytes > 0 && n.bytes <= capacity() &&
                    n.crc == crc32c(0, bytes, offsetof(Note, crc));
  if (!good) n = {};
  return true;
}

bool ProgramSlots::write_note(uint32_t offset, Note n) {
  n.crc = crc32c(0, reinterpret_cast<const uint8_t*>(&n), offsetof(Note, crc));
  std::memset(unit_, 0xFF, sizeof unit_);
  std::memcpy(unit_, &n, sizeof n);
  return put_unit(offset);
}

}  // namespace shoal
