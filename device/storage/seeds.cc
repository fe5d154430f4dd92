#include "device/storage/seeds.h"

#include <cstddef>
#include <cstring>

#include "device/base/crc32c.h"
#include "device/base/wipe.h"
#include "device/program/sha256.h"

namespace shoal {
namespace {

constexpr uint32_t kSeedMagic = 0x45504853;  // "SHPE"
constexpr uint32_t kSlots = kSeedBlocks * kSeedsOfABlock;
constexpr uint32_t kFlashedSlot = kSlots, kNoSlot = kSlots + 1;

uint32_t crc_of(const SeedNote& n) {
  return crc32c(0, reinterpret_cast<const uint8_t*>(&n),
                offsetof(SeedNote, crc));
}

// One seed for this start, another one to go on from: nobody gets from one to
// the other.
bool derive(const char (&purpose)[6], const uint8_t* seed,
            uint8_t (&out)[kSeedBytes]) {
  Sha256 sha;
  sha.add(reinterpret_cast<const uint8_t*>(purpose), sizeof purpose);
  sha.add(seed, kSeedBytes);
  return sha.finish(out);
}

bool derive_next(const SeedNote& now, SeedNote& next) {
  next.magic = kSeedMagic;
  next.count = now.count + 1;
  const bool derived = derive("after", now.seed, next.seed);
  next.crc = crc_of(next);
  return derived;
}

bool is_note(const SeedNote& n) {
  return n.magic == kSeedMagic && n.crc == crc_of(n);
}

class Seeds {
 public:
  explicit Seeds(const SeedsConfig& c) : c_(c) {}

  Status take(uint8_t (&out)[kSeedBytes]) {
    SeedNote now{}, next{};
    uint8_t drawn[kSeedBytes];
    Status status = replace(now, next);
    if (status == Status::kOk && !derive("start", now.seed, drawn)) {
      status = Status::kNoSalt;
    }
    if (status == Status::kOk) std::memcpy(out, drawn, sizeof drawn);
    wipe(drawn, sizeof drawn);
    wipe(&now, sizeof now);
    wipe(&next, sizeof next);
    wipe(c_.unit, c_.write_bytes);
    return status;
  }

 private:
  Status replace(SeedNote& now, SeedNote& next) {
    uint32_t slot = kNoSlot;
    if (!find_newest(now, slot)) return Status::kStorage;
    if (slot == kNoSlot) return Status::kNoSalt;
    if (!derive_next(now, next)) return Status::kNoSalt;
    // From here on power may go away at any time: the new one is there before
    // an old one goes, and all old ones are gone before one is used.
    return put(slot, next) && forget_others(slot) ? Status::kOk
                                                  : Status::kStorage;
  }

  bool find_newest(SeedNote& newest, uint32_t& slot) {
    for (uint32_t i = 0; i <= kFlashedSlot; ++i) {
      bool there = false;
      if (!read(i, there)) return false;
      if (!there) continue;
      SeedNote n;
      std::memcpy(&n, c_.unit, sizeof n);
      const bool is_one = is_note(n) && (n.count == 0) == (i == kFlashedSlot);
      if (is_one && (slot == kNoSlot || n.count > newest.count)) {
        newest = n;
        slot = i;
      }
      wipe(&n, sizeof n);
    }
    return true;
  }

  // Behind the last one, in the other block if this one is full. `slot`: of the
  // last one, then of this one.
  bool put(uint32_t& slot, const SeedNote& n) {
    uint32_t to = slot == kFlashedSlot ? 0 : slot + 1;
    const uint32_t block = slot == kFlashedSlot ? 0 : slot / kSeedsOfABlock;
    const uint32_t end = (block + 1) * kSeedsOfABlock;
    // One whose writing power ended cannot be written again.
    for (bool erased = c_.replaces; to < end && !erased;) {
      bool there = false;
      if (!read(to, there)) return false;
      erased = there && is_all(0xFF);
      to += !erased;
    }
    if (to == end) {
      to = end % kSlots;
      if (!c_.replaces && !erase(place(to))) return false;
    }
    slot = to;
    std::memset(c_.unit, 0xFF, c_.write_bytes);
    std::memcpy(c_.unit, &n, sizeof n);
    bool there = false;
    return write(place(to)) && read(to, there) && there &&
           std::memcmp(c_.unit, &n, sizeof n) == 0;
  }

  // Torn ones, too: most of a seed may be in them.
  bool forget_others(uint32_t but) {
    for (uint32_t i = 0; i <= kFlashedSlot; ++i) {
      if (i == but) continue;
      bool there = false;
      if (!read(i, there)) return false;
      if (there && (is_all(0xFF) || is_all(0))) continue;
      std::memset(c_.unit, 0, c_.write_bytes);
      if (!write(place(i)) || !read(i, there) || !there || !is_all(0)) {
        return false;
      }
    }
    return true;
  }

  uint32_t place(uint32_t slot) const {
    if (slot == kFlashedSlot) return c_.flashed;
    return c_.at + slot / kSeedsOfABlock * c_.erase_bytes +
           slot % kSeedsOfABlock * c_.write_bytes;
  }

  // Its unit. What a card cannot read, power has cut: nothing is there.
  bool read(uint32_t slot, bool& there) {
    const shoal_storage& s = *c_.storage;
    there = finish(s.read(s.user, place(slot), c_.write_bytes, c_.unit));
    return there || c_.replaces;
  }
  bool is_all(uint8_t value) const {
    uint8_t differs = 0;
    for (uint32_t i = 0; i < c_.write_bytes; ++i) {
      differs = static_cast<uint8_t>(differs | (c_.unit[i] ^ value));
    }
    return differs == 0;
  }

  bool write(uint32_t at) {
    const shoal_storage& s = *c_.storage;
    return finish(s.write(s.user, at, c_.write_bytes, c_.unit));
  }
  bool erase(uint32_t block) {
    const shoal_storage& s = *c_.storage;
    return finish(s.erase(s.user, block, c_.erase_bytes));
  }
  bool finish(int started) {
    if (started != 0) return false;
    int answer = 0;
    while (answer == 0) answer = c_.storage->poll(c_.storage->user);
    return answer > 0;
  }

  const SeedsConfig& c_;
};

}  // namespace

SeedNote flashed_seed(const uint8_t (&seed)[kSeedBytes]) {
  SeedNote n{};
  n.magic = kSeedMagic;
  std::memcpy(n.seed, seed, sizeof n.seed);
  n.crc = crc_of(n);
  return n;
}

Status take_seed(const SeedsConfig& c, uint8_t (&out)[kSeedBytes]) {
  const bool usable = c.storage && c.unit && c.storage->write &&
                      c.storage->erase && c.write_bytes >= sizeof(SeedNote) &&
                      c.erase_bytes / kSeedsOfABlock >= c.write_bytes;
  return usable ? Seeds(c).take(out) : Status::kBadArgument;
}

Status take_seed(SeedNotes& notes, bool first, uint8_t (&seed)[kSeedBytes]) {
  SeedNote* newest = nullptr;
  for (SeedNote& n : notes.two) {
    if (is_note(n) && (!newest || n.count > newest->count)) newest = &n;
  }
  if (!newest && !first) return Status::kNoSalt;
  SeedNote now = newest ? *newest : flashed_seed(seed), next{};
  uint8_t drawn[kSeedBytes];
  const bool derived =
      derive_next(now, next) && derive("start", now.seed, drawn);
  if (derived) {
    const bool second = newest == &notes.two[0];
    notes.two[second] = next;
    // Nothing of the other one goes before all of this is there.
    __atomic_signal_fence(__ATOMIC_SEQ_CST);
    wipe(&notes.two[!second], sizeof(SeedNote));
    std::memcpy(seed, drawn, sizeof drawn);
  }
  wipe(drawn, sizeof drawn);
  wipe(&now, sizeof now);
  wipe(&next, sizeof next);
  return derived ? Status::kOk : Status::kNoSalt;
}

}  // namespace shoal
