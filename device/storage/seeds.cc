#include "device/storage/seeds.h"

#include <cstddef>
#include <cstring>

#include "device/base/crc32c.h"
#include "device/base/wipe.h"
#include "device/program/sha256.h"

namespace shoal {
namespace {

constexpr uint32_t kSeedMagic = 0x45504853;  // "SHPE"
constexpr uint32_t kSlots = kSeedBlocks * kSeedsOfABlock, kNoSlot = kSlots;

struct SeedNote {
  uint32_t magic;
  uint32_t count;  // of starts; 0: the flashed one
  uint8_t seed[kSeedBytes];
  uint32_t crc;  // CRC-32C of the bytes before
};
static_assert(sizeof(SeedNote) == 44);

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

class Seeds {
 public:
  explicit Seeds(const SeedsConfig& c) : c_(c) {}

  Status take(const uint8_t (&flashed)[kSeedBytes],
              uint8_t (&out)[kSeedBytes]) {
    SeedNote now{}, next{};
    const Status status = replace(flashed, now, next);
    const bool done = status == Status::kOk && derive("start", now.seed, out);
    wipe(&now, sizeof now);
    wipe(&next, sizeof next);
    wipe(c_.unit, c_.write_bytes);
    return done || status != Status::kOk ? status : Status::kNoSalt;
  }

 private:
  Status replace(const uint8_t (&flashed)[kSeedBytes], SeedNote& now,
                 SeedNote& next) {
    bool unused = false;
    if (!is_erased(c_.mark, sizeof(uint32_t), unused)) return Status::kStorage;
    uint32_t slot = kNoSlot;
    if (!find_newest(now, slot)) return Status::kStorage;
    if (slot == kNoSlot) {
      // Who has forgotten what came after it must not begin with it again.
      if (!unused) return Status::kNoSalt;
      std::memcpy(now.seed, flashed, sizeof flashed);
    }
    next.magic = kSeedMagic;
    next.count = now.count + 1;
    if (!derive("after", now.seed, next.seed)) return Status::kNoSalt;
    next.crc = crc_of(next);
    // From here on power may go away at any time: the new one is there before
    // an old one goes, and all old ones are gone before one is used.
    if (!put(slot, next) || !forget_others(next.count)) return Status::kStorage;
    return !unused || spend_flashed() ? Status::kOk : Status::kStorage;
  }

  bool find_newest(SeedNote& newest, uint32_t& slot) {
    for (uint32_t i = 0; i < kSlots; ++i) {
      SeedNote n;
      if (!read_note(i, n)) return false;
      if (n.magic == 0 || (slot != kNoSlot && n.count < newest.count)) continue;
      newest = n;
      slot = i;
    }
    return true;
  }

  // Behind the last one, in the other block if this one is full.
  bool put(uint32_t last, const SeedNote& n) {
    uint32_t to = last == kNoSlot ? 0 : last + 1;
    const uint32_t block = last == kNoSlot ? 0 : last / kSeedsOfABlock;
    const uint32_t end = (block + 1) * kSeedsOfABlock;
    // One whose writing power ended cannot be written again.
    for (bool erased = c_.replaces; to < end && !erased;) {
      if (!is_erased(place(to), sizeof n, erased)) return false;
      to += !erased;
    }
    if (to == end) {
      to = end % kSlots;
      if (!c_.replaces && !erase(place(to))) return false;
    }
    std::memset(c_.unit, 0xFF, c_.write_bytes);
    std::memcpy(c_.unit, &n, sizeof n);
    SeedNote there;
    return write(place(to)) && read_note(to, there) &&
           std::memcmp(&there, &n, sizeof n) == 0;
  }

  bool forget_others(uint32_t count) {
    for (uint32_t i = 0; i < kSlots; ++i) {
      SeedNote n;
      if (!read_note(i, n)) return false;
      if (n.magic == 0 || n.count == count) continue;
      if (!clear(place(i)) || !read_note(i, n) || n.magic != 0) return false;
    }
    return true;
  }

  bool spend_flashed() {
    bool unused = true;
    return clear(c_.mark) && is_erased(c_.mark, sizeof(uint32_t), unused) &&
           !unused;
  }

  uint32_t place(uint32_t slot) const {
    return c_.at + slot / kSeedsOfABlock * c_.erase_bytes +
           slot % kSeedsOfABlock * c_.write_bytes;
  }

  // With magic 0 if there is none. What a card cannot read, power has cut.
  bool read_note(uint32_t slot, SeedNote& n) {
    const bool read = get(place(slot), &n, sizeof n);
    if (!read || n.magic != kSeedMagic || n.count == 0 || n.crc != crc_of(n)) {
      n = {};
    }
    return read || c_.replaces;
  }

  bool is_erased(uint32_t at, uint32_t bytes, bool& erased) {
    erased = false;
    if (!get(at, c_.unit, bytes)) return c_.replaces;
    uint8_t all = 0xFF;
    for (uint32_t i = 0; i < bytes; ++i) {
      all = static_cast<uint8_t>(all & c_.unit[i]);
    }
    erased = all == 0xFF;
    return true;
  }

  bool get(uint32_t at, void* to, uint32_t bytes) {
    const shoal_storage& s = *c_.storage;
    return finish(s.read(s.user, at, bytes, to));
  }
  bool write(uint32_t at) {
    const shoal_storage& s = *c_.storage;
    return finish(s.write(s.user, at, c_.write_bytes, c_.unit));
  }
  bool clear(uint32_t at) {
    std::memset(c_.unit, 0, c_.write_bytes);
    return write(at);
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

Status take_seed(const SeedsConfig& c, const uint8_t (&flashed)[kSeedBytes],
                 uint8_t (&out)[kSeedBytes]) {
  const bool usable = c.storage && c.unit && c.storage->write &&
                      c.storage->erase && c.write_bytes >= sizeof(SeedNote) &&
                      c.erase_bytes / kSeedsOfABlock >= c.write_bytes;
  return usable ? Seeds(c).take(flashed, out) : Status::kBadArgument;
}

}  // namespace shoal
