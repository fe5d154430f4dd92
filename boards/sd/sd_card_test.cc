#include "boards/sd/sd_card.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <memory>
#include <string>
#include <vector>

#include "boards/sd/testing/spi_card.h"
#include "device/program/sha256.h"
#include "device/storage/program_slots.h"

namespace shoal {
namespace {

constexpr uint32_t kCardBytes = 1u << 20;
constexpr uint32_t kBlock = 4096;

// A driver on a card, as a board has them after a start.
struct Started {
  explicit Started(const std::string& file,
                   SpiCard::Kind kind = SpiCard::Kind::kStandard)
      : chip(file, kind) {
    is_open = card.open(chip.bus());
  }
  int finish(int started) {
    int answer = started;
    while (answer == 0) answer = card.poll();
    return answer;
  }
  int read(uint32_t at, uint32_t bytes, void* to) {
    return finish(card.read(at, bytes, to));
  }
  int write(uint32_t at, const std::vector<uint8_t>& bytes) {
    return finish(
        card.write(at, static_cast<uint32_t>(bytes.size()), bytes.data()));
  }
  shoal_storage face() {
    return {&card,
            [](void* s, uint32_t at, uint32_t bytes, void* to) {
              return static_cast<SdCard*>(s)->read(at, bytes, to);
            },
            [](void* s) { return static_cast<SdCard*>(s)->poll(); },
            [](void* s, uint32_t at, uint32_t bytes, const void* from) {
              return static_cast<SdCard*>(s)->write(at, bytes, from);
            },
            [](void* s, uint32_t at, uint32_t bytes) {
              return static_cast<SdCard*>(s)->erase(at, bytes);
            }};
  }

  SpiCard chip;
  SdCard card;
  bool is_open = false;
};

std::vector<uint8_t> noise(uint32_t bytes, uint32_t seed) {
  std::vector<uint8_t> all(bytes);
  for (uint8_t& b : all) {
    b = static_cast<uint8_t>((seed = seed * 1664525 + 1013904223) >> 24);
  }
  return all;
}

TEST(SdCardTest, EveryKindReadsWhatWasWritten) {
  for (const auto kind : {SpiCard::Kind::kFirst, SpiCard::Kind::kStandard,
                          SpiCard::Kind::kHigh}) {
    const CardFile file(kCardBytes);
    Started s(file.path(), kind);
    ASSERT_TRUE(s.is_open);
    EXPECT_EQ(s.card.bytes(), kCardBytes);
    const std::vector<uint8_t> data = noise(8 * kCardSector, 7);
    ASSERT_EQ(s.write(3 * kCardSector, data), 1);
    for (const uint32_t from : {0u, 1u, 511u, 512u, 700u, 2048u}) {
      for (const uint32_t bytes : {1u, 16u, 511u, 512u, 513u, 1024u, 2000u}) {
        std::vector<uint8_t> back(bytes);
        ASSERT_EQ(s.read(3 * kCardSector + from, bytes, back.data()), 1);
        EXPECT_TRUE(std::equal(back.begin(), back.end(), data.begin() + from))
            << from << " " << bytes;
      }
    }
    // A write replaces, an erasure gives 0xFF, and neighbours stay.
    const std::vector<uint8_t> other = noise(kCardSector, 8);
    ASSERT_EQ(s.write(4 * kCardSector, other), 1);
    ASSERT_EQ(s.finish(s.card.erase(6 * kCardSector, 2 * kCardSector)), 1);
    std::vector<uint8_t> want = data, back(data.size());
    std::copy(other.begin(), other.end(), want.begin() + kCardSector);
    std::fill_n(want.begin() + 3 * kCardSector, 2 * kCardSector, 0xFF);
    ASSERT_EQ(s.read(3 * kCardSector, 8 * kCardSector, back.data()), 1);
    EXPECT_EQ(back, want);
    EXPECT_EQ(s.read(kCardBytes - 100, 100, back.data()), 1);
    EXPECT_EQ(s.chip.violations(), std::vector<std::string>{});
  }
}

// Chunk after chunk, as weights pass from a card.
TEST(SdCardTest, NeighboursOfOneSectorAreReadOnce) {
  const CardFile file(kCardBytes);
  Started s(file.path());
  ASSERT_TRUE(s.is_open);
  const uint32_t before = s.chip.sent();
  uint8_t back[300];
  for (uint32_t at = 0; at < 30 * sizeof back; at += sizeof back) {
    ASSERT_EQ(s.read(at, sizeof back, back), 1);
  }
  EXPECT_EQ(s.chip.sent() - before, 18u);  // 9000 bytes of 512
}

TEST(SdCardTest, WhatMakesNoSenseIsRefused) {
  const CardFile file(kCardBytes);
  Started s(file.path());
  ASSERT_TRUE(s.is_open);
  uint8_t back[kCardSector] = {};
  EXPECT_EQ(s.card.poll(), -1);
  EXPECT_EQ(s.card.read(kCardBytes, 1, back), -1);
  EXPECT_EQ(s.card.read(kCardBytes - 1, 2, back), -1);
  EXPECT_EQ(s.card.read(~0u, 2, back), -1);
  EXPECT_EQ(s.card.write(1, kCardSector, back), -1);
  EXPECT_EQ(s.card.write(0, 100, back), -1);
  EXPECT_EQ(s.card.erase(100, kCardSector), -1);
  EXPECT_EQ(s.card.read(0, 1, back), 0);
  EXPECT_EQ(s.card.read(0, 1, back), -1);
  EXPECT_EQ(s.finish(0), 1);
  EXPECT_EQ(s.read(0, 0, back), 1);
}

TEST(SdCardTest, ABadCardFailsAndAGoodOneIsUsableAfterwards) {
  const CardFile file(kCardBytes);
  std::vector<uint8_t> back(3 * kCardSector);
  const std::vector<uint8_t> data = noise(kCardSector, 1);
  Started s(file.path());
  ASSERT_TRUE(s.is_open);
  // Pulled in the middle of a read.
  ASSERT_EQ(s.card.read(0, 3 * kCardSector, back.data()), 0);
  ASSERT_EQ(s.card.poll(), 0);
  s.chip.pull();
  EXPECT_EQ(s.finish(0), -1);
  EXPECT_EQ(s.write(0, data), -1);
  EXPECT_EQ(s.read(0, 1, back.data()), -1);
  EXPECT_EQ(s.card.bytes(), 0u);
  s.chip.put_in();
  EXPECT_EQ(s.write(0, data), 1);
  EXPECT_EQ(s.read(0, kCardSector, back.data()), 1);
  EXPECT_TRUE(std::equal(data.begin(), data.end(), back.begin()));

  Started refusing(file.path());
  refusing.chip.protect();
  EXPECT_EQ(refusing.write(0, data), -1);

  Started mute(file.path());
  mute.chip.send_nothing();
  EXPECT_EQ(mute.read(0, 1, back.data()), -1);

  SdCard missing;
  SpiBus nobody = mute.chip.bus();
  nobody.exchange = [](void*, const uint8_t*, uint8_t* in, uint32_t bytes) {
    if (in) std::memset(in, 0xFF, bytes);
  };
  EXPECT_FALSE(missing.open(nobody));
  EXPECT_EQ(missing.bytes(), 0u);
  // A line that is held low is no card either.
  nobody.exchange = [](void*, const uint8_t*, uint8_t* in, uint32_t bytes) {
    if (in) std::memset(in, 0, bytes);
  };
  EXPECT_FALSE(missing.open(nobody));
}

struct CardProgram {
  CardProgram(uint32_t size, uint32_t seed) : bytes(noise(size, seed)) {
    Sha256 sha;
    sha.add(bytes.data(), bytes.size());
    EXPECT_TRUE(sha.finish(hash));
  }
  std::vector<uint8_t> bytes;
  uint8_t hash[32];
};

// Slots for programs on a card, as a node has them.
class CardSlots {
 public:
  explicit CardSlots(const std::string& file, uint32_t damaged = ~0u)
      : started_(file), face_(started_.face()) {
    started_.chip.damage(damaged);
    is_open_ = slots_.open({&face_, 13 * kBlock, kCardSector, kBlock, true}) ==
               Status::kOk;
  }
  bool is_open() const { return is_open_; }
  SpiCard& chip() { return started_.chip; }
  ProgramSlots& slots() { return slots_; }

  Status send(const CardProgram& p, uint32_t* sent = nullptr) {
    uint32_t from = 0;
    const auto size = static_cast<uint32_t>(p.bytes.size());
    const Status begun = slots_.begin(size, p.hash, from);
    if (begun != Status::kOk) return begun;
    if (sent) *sent = size - from;
    while (from < size) {
      const uint32_t some = std::min(1111u, size - from);
      const Status s = slots_.write(from, p.bytes.data() + from, some);
      if (s != Status::kOk) return s;
      from += some;
    }
    return slots_.end();
  }
  bool has(const CardProgram& p) {
    uint8_t hash[32];
    if (slots_.program(hash) != p.bytes.size() ||
        std::memcmp(hash, p.hash, sizeof hash) != 0) {
      return false;
    }
    std::vector<uint8_t> back(p.bytes.size());
    return slots_.read(0, back.data(), static_cast<uint32_t>(back.size())) &&
           back == p.bytes;
  }

 private:
  Started started_;
  shoal_storage face_;
  ProgramSlots slots_;
  bool is_open_ = false;
};

// In every sector that a deployment writes: none of it, a part, or all of it is
// there afterwards, and one that was being written may not even be readable.
TEST(SdCardTest, APowerCutLeavesTheOldProgramOrTheNewOne) {
  const CardProgram a(6000, 1), b(12288, 2);
  int resumed = 0;
  bool ended = false;
  for (uint32_t n = 0; !ended; ++n) {
    for (const uint32_t bytes : {0u, 20u, 21u, kCardSector}) {
      const bool damages = bytes == 21;
      uint32_t last = ~0u;
      SCOPED_TRACE(std::to_string(n) + " " + std::to_string(bytes));
      // As a card comes: not erased.
      const CardFile file(kCardBytes, n % 2 ? 0x00 : 0x5A);
      {
        CardSlots first(file.path());
        ASSERT_TRUE(first.is_open());
        ASSERT_EQ(first.send(a), Status::kOk);
        first.chip().cut_at(n, bytes);
        const Status status = first.send(b);
        ended = !first.chip().has_lost_power();
        EXPECT_EQ(status == Status::kOk, ended);
        if (damages && !ended) last = first.chip().last_written();
        EXPECT_EQ(first.chip().violations(), std::vector<std::string>{});
      }
      CardSlots second(file.path(), last);
      ASSERT_TRUE(second.is_open());
      EXPECT_TRUE(second.has(a) || second.has(b));
      uint32_t sent = 0;
      ASSERT_EQ(second.send(b, &sent), Status::kOk);
      resumed += sent > 0 && sent < b.bytes.size();
      EXPECT_TRUE(second.has(b));
      EXPECT_EQ(second.chip().violations(), std::vector<std::string>{});
    }
  }
  EXPECT_GT(resumed, 30);
}

// Nothing of a program is written but its own sectors, marks and notes.
TEST(SdCardTest, BlocksAreNotErasedBeforeTheyAreWritten) {
  const CardFile file(kCardBytes);
  CardSlots card(file.path());
  const CardProgram p(12288, 3);
  ASSERT_EQ(card.send(p), Status::kOk);
  constexpr uint32_t kNotes = kBlock / kCardSector, kData = 24, kPieces = 3;
  EXPECT_EQ(card.chip().written(), kNotes + kData + kPieces + 2);
  EXPECT_EQ(card.send(p), Status::kOk);
  EXPECT_EQ(card.chip().written(), kNotes + kData + kPieces + 2);
}

// A card that is pulled in a deployment: it fails, and what was there is there.
TEST(SdCardTest, APulledCardEndsADeployment) {
  const CardFile file(kCardBytes);
  CardSlots card(file.path());
  const CardProgram a(6000, 1), b(12288, 2);
  ASSERT_EQ(card.send(a), Status::kOk);
  uint32_t from = 0;
  ASSERT_EQ(card.slots().begin(12288, b.hash, from), Status::kOk);
  ASSERT_EQ(card.slots().write(0, b.bytes.data(), 6000), Status::kOk);
  card.chip().pull();
  EXPECT_EQ(card.slots().write(6000, b.bytes.data() + 6000, 6288),
            Status::kStorage);
  EXPECT_EQ(card.send(b), Status::kStorage);
  card.chip().put_in();
  EXPECT_TRUE(card.has(a));
  EXPECT_EQ(card.send(b), Status::kOk);
  EXPECT_TRUE(card.has(b));
}

}  // namespace
}  // namespace shoal
