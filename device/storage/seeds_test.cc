#include "device/storage/seeds.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <map>
#include <optional>
#include <set>
#include <vector>

#include "device/program/sha256.h"
#include "device/storage/flashed.h"
#include "device/storage/testing/memory_storage.h"

namespace shoal {
namespace {

constexpr uint32_t kSeedBlock = 8192, kSeedUnit = 256;

using Seed = std::array<uint8_t, kSeedBytes>;

Seed hashed(const char (&purpose)[6], const Seed& s) {
  Seed out;
  Sha256 sha;
  sha.add(reinterpret_cast<const uint8_t*>(purpose), sizeof purpose);
  sha.add(s.data(), s.size());
  EXPECT_TRUE(sha.finish(out.data()));
  return out;
}

// A board: two blocks of seeds, and one that it was flashed with.
class SeedsTest : public testing::Test {
 protected:
  SeedsTest() {
    Flashed f{};
    f.magic = kFlashedMagic;
    f.version = kFlashedVersion;
    f.secure = 1;
    f.name[0] = 'n';
    f.key[0] = 1;
    seal_flashed(f);
    EXPECT_TRUE(check_flashed(f));
    const uint8_t flashed[kSeedBytes] = {7, 6, 5, 4, 3, 2, 1};
    const SeedNote note = flashed_seed(flashed);
    uint8_t* const at = flash_.bytes().data() + kSeedBlocks * kSeedBlock;
    std::memcpy(at, &f, sizeof f);
    std::memcpy(at + kFlashedSeedAt, &note, sizeof note);
    Seed s;
    std::copy_n(flashed, kSeedBytes, s.begin());
    for (int i = 0; i < 400; ++i) {
      chain_[hashed("start", s)] = s;
      s = hashed("after", s);
    }
  }

  // Expects that the seed which was drawn from is nowhere, nor the one before
  // it: not even four bytes of them.
  void expect_forgotten() {
    std::set<std::array<uint8_t, 4>> there;
    const std::vector<uint8_t>& bytes = flash_.bytes();
    for (size_t i = 0; i + 4 <= bytes.size(); ++i) {
      if (bytes[i] == 0xFF || bytes[i] == 0) continue;
      there.insert({bytes[i], bytes[i + 1], bytes[i + 2], bytes[i + 3]});
    }
    for (const Seed& s : used_) {
      for (size_t i = 0; i < s.size(); i += 4) {
        if (s[i] == 0xFF || s[i] == 0) continue;
        EXPECT_FALSE(there.contains({s[i], s[i + 1], s[i + 2], s[i + 3]}));
      }
    }
  }

  std::optional<Seed> start() {
    const std::optional<Seed> seed = start_once();
    if (seed) {
      EXPECT_TRUE(chain_.contains(*seed));
      used_.insert({chain_[*seed], *seed});
    }
    expect_forgotten();
    return seed;
  }

  // One start; what it would draw from.
  std::optional<Seed> start_once() {
    // A dead board does not answer any more; a board without power waits for
    // nothing.
    const shoal_storage face = {
        this,
        [](void* u, uint32_t at, uint32_t n, void* to) {
          return flash(u).face().read(flash(u).face().user, at, n, to);
        },
        [](void* u) {
          MemoryStorage& f = flash(u);
          const int answer = f.face().poll(f.face().user);
          return f.is_dead() ? -1 : answer;
        },
        [](void* u, uint32_t at, uint32_t n, const void* from) {
          return flash(u).face().write(flash(u).face().user, at, n, from);
        },
        [](void* u, uint32_t at, uint32_t n) {
          return flash(u).face().erase(flash(u).face().user, at, n);
        }};
    uint8_t unit[kSeedUnit], out[kSeedBytes];
    const SeedsConfig config = {
        &face,     0,          kSeedBlocks * kSeedBlock + kFlashedSeedAt,
        kSeedUnit, kSeedBlock, is_card_,
        unit};
    status_ = take_seed(config, out);
    if (status_ != Status::kOk) return std::nullopt;
    Seed seed;
    std::copy_n(out, kSeedBytes, seed.begin());
    return seed;
  }
  static MemoryStorage& flash(void* user) {
    return static_cast<SeedsTest*>(user)->flash_;
  }
  void be_a_card() {
    flash_.be_a_file();
    is_card_ = true;
  }

  // Starts that power ends at every place, each followed by whole ones.
  void cut_everywhere() {
    std::set<Seed> seen;
    for (uint32_t write = 0; write < 6; ++write) {
      for (const uint32_t bytes : {0u, 1u, 5u, 20u, 40u, 43u, 44u, 256u}) {
        SCOPED_TRACE(std::to_string(write) + " " + std::to_string(bytes));
        flash_.cut_at_byte(write, bytes);
        std::optional<Seed> seed = start();
        ASSERT_TRUE(!seed || seen.insert(*seed).second);
        flash_.power_on();
        for (int i = 0; i < 3; ++i) {
          seed = start();
          ASSERT_TRUE(seed) << int(status_);
          ASSERT_TRUE(seen.insert(*seed).second);
        }
      }
    }
    EXPECT_TRUE(flash_.violations().empty());
  }

  MemoryStorage flash_{kSeedBlocks + 1, kSeedBlock, kSeedUnit};
  std::map<Seed, Seed> chain_;  // what a start draws from, and where from
  std::set<Seed> used_;         // both, of starts that were
  bool is_card_ = false;
  Status status_ = Status::kOk;
};

TEST_F(SeedsTest, NoTwoStartsHaveTheSame) {
  std::set<Seed> seen;
  for (int i = 0; i < 100; ++i) {
    const std::optional<Seed> seed = start();
    ASSERT_TRUE(seed);
    EXPECT_TRUE(seen.insert(*seed).second) << i;
  }
  EXPECT_LT(flash_.erases(0) + flash_.erases(1), 8u);
  EXPECT_TRUE(flash_.violations().empty());
}

TEST_F(SeedsTest, APowerCutLeavesAUsableOneInFlash) { cut_everywhere(); }

TEST_F(SeedsTest, APowerCutLeavesAUsableOneOnACard) {
  be_a_card();
  cut_everywhere();
}

// In the very first start, too, in which the flashed one is used.
TEST_F(SeedsTest, APowerCutInTheFirstStart) {
  const std::vector<uint8_t> fresh = flash_.bytes();
  for (uint32_t write = 0; write < 2; ++write) {
    for (const uint32_t bytes : {0u, 20u, 43u, 44u, 256u}) {
      SCOPED_TRACE(std::to_string(write) + " " + std::to_string(bytes));
      flash_.bytes() = fresh;
      used_.clear();
      flash_.cut_at_byte(write, bytes);
      EXPECT_FALSE(start());
      flash_.power_on();
      const std::optional<Seed> first = start(), second = start();
      ASSERT_TRUE(first && second);
      EXPECT_NE(*first, *second);
    }
  }
}

// Nobody goes back to one that was used.
TEST_F(SeedsTest, ADecayedOneIsRefused) {
  for (int starts = 1; starts < 20; ++starts) {
    ASSERT_TRUE(start());
    const std::vector<uint8_t> before = flash_.bytes();
    int notes = 0;
    for (uint32_t at = 0; at < kSeedBlocks * kSeedBlock; at += kSeedUnit) {
      if (before[at] != 'S') continue;
      ++notes;
      flash_.bytes()[at + 10] ^= 4;
    }
    EXPECT_EQ(notes, 1);
    EXPECT_FALSE(start());
    EXPECT_EQ(status_, Status::kNoSalt);
    flash_.bytes() = before;
  }
}

// A sector that a card cannot read now it may read again later.
TEST_F(SeedsTest, AReadThatFailsLeavesNoSeedOnACard) {
  be_a_card();
  for (uint32_t n = 0; n < 80; ++n) {
    flash_.cut_at_byte(0, 43);
    EXPECT_FALSE(start());
    flash_.power_on();
    flash_.fail_at(n);
    static_cast<void>(start());
    flash_.fail_at(0, 0);
    EXPECT_TRUE(start()) << n;
  }
}

TEST_F(SeedsTest, AStorageThatFailsGivesNone) {
  ASSERT_TRUE(start());
  for (uint32_t n = 0; n < 200; ++n) {
    const uint32_t before = flash_.operations();
    flash_.fail_at(n);
    const std::optional<Seed> seed = start();
    if (flash_.operations() <= before + n) break;  // nothing was left to fail
    EXPECT_FALSE(seed) << n;
    EXPECT_EQ(status_, Status::kStorage);
  }
  static_cast<void>(start());  // up to the failure that was left
  EXPECT_TRUE(start());
  flash_.wear_out(0, Wear::kNoWrite);
  flash_.wear_out(1, Wear::kNoWrite);
  EXPECT_FALSE(start());
}

// Where a reset leaves the memory as it is.
class MemorySeeds : public testing::Test {
 protected:
  // Anything, after power was lost; and a new one from who starts the board.
  void power_on() {
    std::memset(&notes_, 0xA5, sizeof notes_);
    ++flashed_;
  }
  std::optional<Seed> start(bool first = true) {
    uint8_t out[kSeedBytes] = {flashed_};
    status_ = take_seed(notes_, first, out);
    Seed seed;
    std::copy_n(out, kSeedBytes, seed.begin());
    if (status_ == Status::kOk) return seed;
    EXPECT_EQ(seed, Seed{flashed_});
    return std::nullopt;
  }
  // Bytes of whole notes; the rest is zeros.
  size_t used() const {
    const auto* const at = reinterpret_cast<const uint8_t*>(&notes_);
    return sizeof notes_ -
           static_cast<size_t>(std::count(at, at + sizeof notes_, 0));
  }

  SeedNotes notes_{};
  uint8_t flashed_ = 0;
  Status status_ = Status::kOk;
};

TEST_F(MemorySeeds, NoTwoStartsHaveTheSame) {
  std::set<Seed> seen;
  for (int powers = 0; powers < 5; ++powers) {
    power_on();
    for (int i = 0; i < 20; ++i) {
      const SeedNotes before = notes_;
      const std::optional<Seed> seed = start(i == 0);
      ASSERT_TRUE(seed);
      EXPECT_TRUE(seen.insert(*seed).second);
      EXPECT_LE(used(), sizeof(SeedNote));  // one note, and nothing of another
      for (const SeedNote& n : notes_.two) {
        EXPECT_NE(std::memcmp(n.seed, seed->data(), kSeedBytes), 0);
      }
      // The old note has not gone yet, or half of it.
      if (i == 0) continue;
      const SeedNotes after = notes_;
      const size_t old = before.two[0].count > before.two[1].count ? 0 : 1;
      for (size_t gone = 0; gone <= sizeof(SeedNote); ++gone) {
        notes_ = after;
        std::memcpy(&notes_.two[old], &before.two[old], sizeof(SeedNote));
        std::memset(&notes_.two[old], 0, gone);
        const std::optional<Seed> next = start(false);
        ASSERT_TRUE(next);
        EXPECT_FALSE(seen.contains(*next));
      }
      notes_ = after;
    }
  }
}

// A fall may have written anywhere: nobody goes back to the first one then.
TEST_F(MemorySeeds, WithoutANoteOnlyAFirstStartHasOne) {
  power_on();
  EXPECT_FALSE(start(false));
  EXPECT_EQ(status_, Status::kNoSalt);
  ASSERT_TRUE(start());
  const SeedNotes whole = notes_;
  for (size_t i = 0; i < sizeof notes_; ++i) {
    notes_ = whole;
    uint8_t& byte = reinterpret_cast<uint8_t*>(&notes_)[i];
    byte ^= 4;
    // The other note's place has nothing that could be damaged.
    const bool in_note = (i < sizeof(SeedNote)) == (whole.two[0].count != 0);
    EXPECT_EQ(start(false).has_value(), !in_note) << i;
  }
}

}  // namespace
}  // namespace shoal
