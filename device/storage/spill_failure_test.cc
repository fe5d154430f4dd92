// Power cuts at every write and erasure, failures of every operation, worn
// blocks, damaged ledgers: contents stay exact or there is a typed refusal,
// and no number is ever used twice.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>

#include "device/storage/testing/spill_bench.h"

namespace shoal {
namespace {

constexpr uint32_t kFrames = 8, kPages = 7,
                   kAreaBlocks = kLedgerBlocks + kPages;

void expect_level(const SpillBench& bench, uint32_t cuts) {
  uint32_t least = ~0u, most = 0;
  for (uint32_t b = 0; b < kAreaBlocks; ++b) {
    const uint32_t erases = bench.flash.erases(bench.block_of(b));
    const uint32_t counted = bench.area.erases(b);
    EXPECT_LE(erases, counted + (b < kLedgerBlocks ? cuts : 0)) << b;
    EXPECT_LE(counted, erases + cuts) << b;
    if (b < kLedgerBlocks) continue;
    least = std::min(least, erases), most = std::max(most, erases);
  }
  EXPECT_LE(most - least, 1 + cuts);
}

// Frames from the first that is not complete; false when power is gone.
bool run(SpillBench& bench, uint32_t& frame, uint32_t frames) {
  Status s = bench.start();
  for (; !bench.flash.is_dead() && frame < frames; ++frame) {
    EXPECT_EQ(s, Status::kOk) << "before frame " << frame;
    if (s != Status::kOk) return true;
    s = bench.frame(frame);
    if (bench.flash.is_dead()) return false;
    EXPECT_EQ(s, Status::kOk) << "in frame " << frame;
  }
  return !bench.flash.is_dead();
}

TEST(SpillPower, CutInEveryWriteAndErasure) {
  SpillBench whole({}, nullptr);
  uint32_t frame = 0;
  ASSERT_TRUE(run(whole, frame, kFrames));
  const uint32_t changes = whole.flash.changes();
  ASSERT_GT(whole.flash.erases(whole.block_of(0)), 0u) << "ledger too young";
  for (const uint32_t share : {0u, 1u, 120u, 500u, 990u, 1000u}) {
    for (uint32_t n = 0; n < changes; ++n) {
      SCOPED_TRACE("cut in change " + std::to_string(n) + " at " +
                   std::to_string(share) + "/1000");
      NonceSpy spy;
      SpillBench bench({}, &spy.cipher);
      bench.flash.cut_at(n, share);
      frame = 0;
      ASSERT_FALSE(run(bench, frame, kFrames));
      bench.flash.power_on();
      ASSERT_TRUE(run(bench, frame, kFrames + 3));
      EXPECT_EQ(bench.wrong, 0);
      EXPECT_EQ(spy.again, 0);
      EXPECT_TRUE(bench.flash.violations().empty());
      expect_level(bench, 1);
      if (HasFailure()) return;
    }
  }
}

// SHOAL_FAULTS: every n-th byte of all that is written and erased in three
// frames (1: all of them, for a campaign).
TEST(SpillPower, CutAtEveryByte) {
  constexpr uint32_t kFew = 3;
  SpillShape shape;
  shape.erase_bytes = 512, shape.write_bytes = 128;
  SpillBench whole(shape, nullptr);
  uint32_t frame = 0;
  ASSERT_TRUE(run(whole, frame, kFew));
  const char* const asked = std::getenv("SHOAL_FAULTS");
  const uint64_t step = asked ? std::strtoull(asked, nullptr, 10) : 61;
  const uint64_t positions = whole.flash.changes() * 513;
  uint64_t tried = 0;
  for (uint64_t at = 0; at < positions; at += step, ++tried) {
    SCOPED_TRACE("change " + std::to_string(at / 513) + ", byte " +
                 std::to_string(at % 513));
    NonceSpy spy;
    SpillBench bench(shape, &spy.cipher);
    bench.flash.cut_at_byte(static_cast<uint32_t>(at / 513),
                            static_cast<uint32_t>(at % 513));
    frame = 0;
    ASSERT_FALSE(run(bench, frame, kFew));
    bench.flash.power_on();
    ASSERT_TRUE(run(bench, frame, kFew + 2));
    EXPECT_EQ(bench.wrong, 0);
    EXPECT_EQ(spy.again, 0);
    EXPECT_TRUE(bench.flash.violations().empty());
    if (HasFailure()) return;
  }
  std::printf("%d positions of a spill area: 0 lost, 0 wrong\n",
              static_cast<int>(tried));
}

TEST(SpillPower, CutsOverAndOver) {
  for (unsigned seed = 1; seed <= 30; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    std::mt19937 random(seed);
    NonceSpy spy;
    SpillBench bench({}, &spy.cipher);
    uint32_t frame = 0, cuts = 0;
    while (frame < 12) {
      if (cuts < 40) bench.flash.cut_at(random() % 14, random() % 1001);
      if (!run(bench, frame, 12)) ++cuts;
      bench.flash.power_on();
      ASSERT_FALSE(HasFailure());
    }
    ASSERT_EQ(bench.start(), Status::kOk);
    EXPECT_EQ(bench.wrong, 0);
    EXPECT_EQ(spy.again, 0);
    EXPECT_TRUE(bench.flash.violations().empty());
    expect_level(bench, cuts + 1);
  }
}

// A read that fails is repeated; a write or an erasure costs a block of the
// ring or an entry of the ledger, and only the ledger's erasure is final.
TEST(SpillFailure, EveryOperationFailsOnce) {
  SpillBench whole({}, nullptr);
  uint32_t frame = 0;
  ASSERT_TRUE(run(whole, frame, kFrames));
  uint32_t refused = 0;
  for (uint32_t n = 0; n < whole.flash.operations(); ++n) {
    SCOPED_TRACE("operation " + std::to_string(n));
    NonceSpy spy;
    SpillBench bench({}, &spy.cipher);
    bench.flash.fail_at(n);
    Status s = bench.start();
    for (frame = 0; s == Status::kOk && frame < kFrames; ++frame) {
      s = bench.frame(frame);
    }
    if (s != Status::kOk) {
      EXPECT_EQ(s, Status::kSpillFull);
      ++refused;
    } else {
      EXPECT_LE(bench.area.bad_blocks(), 1u);
    }
    EXPECT_EQ(bench.wrong, 0);
    EXPECT_EQ(spy.again, 0);
    EXPECT_TRUE(bench.flash.violations().empty());
  }
  EXPECT_EQ(refused, whole.area.erases(0) + whole.area.erases(1));
}

TEST(SpillFailure, ReadsThatGoOnFailingAreTyped) {
  SpillBench bench({}, nullptr);
  bench.flash.fail_at(2, 3);
  EXPECT_EQ(bench.start(), Status::kStorage);
  SpillBench other({}, nullptr);
  ASSERT_EQ(other.start(), Status::kOk);
  other.area.begin_frame();
  ASSERT_EQ(other.write(0, 0), Status::kOk);
  other.flash.fail_at(0, 3);
  EXPECT_EQ(other.read(0, 0), Status::kStorage);
}

TEST(SpillFailure, WornBlocksAreLeftOutAndRemembered) {
  for (const Wear wear : {Wear::kNoErase, Wear::kNoWrite, Wear::kStuckBits}) {
    NonceSpy spy;
    SpillBench bench({}, &spy.cipher);
    ASSERT_EQ(bench.start(), Status::kOk);
    for (uint32_t f = 0; f < 4; ++f) ASSERT_EQ(bench.frame(f), Status::kOk);
    const uint32_t worn = bench.block_of(5);
    bench.flash.wear_out(worn, wear);
    for (uint32_t f = 4; f < 9; ++f) ASSERT_EQ(bench.frame(f), Status::kOk);
    EXPECT_EQ(bench.area.bad_blocks(), 1u);
    const uint32_t erases = bench.flash.erases(worn);
    ASSERT_EQ(bench.start(), Status::kOk);
    EXPECT_EQ(bench.area.bad_blocks(), 1u) << "forgotten";
    for (uint32_t f = 9; f < 30; ++f) ASSERT_EQ(bench.frame(f), Status::kOk);
    EXPECT_EQ(bench.flash.erases(worn), erases);
    EXPECT_EQ(bench.area.erases(5), erases + (wear == Wear::kNoErase ? 1 : 0));
    EXPECT_EQ(bench.area.bad_blocks(), 1u);
    uint32_t least = ~0u, most = 0;
    for (uint32_t b = kLedgerBlocks; b < kAreaBlocks; ++b) {
      if (b == 5) continue;
      least = std::min(least, bench.flash.erases(bench.block_of(b)));
      most = std::max(most, bench.flash.erases(bench.block_of(b)));
    }
    EXPECT_LE(most - least, 2u);  // one more for the restart
    EXPECT_EQ(bench.wrong, 0);
    EXPECT_EQ(spy.again, 0);
  }
}

// Before the run is used up.
TEST(SpillFailure, WornBlocksAreRememberedAtOnce) {
  SpillShape shape;
  shape.ring = 61, shape.pages = 1;
  SpillBench bench(shape, nullptr);
  ASSERT_EQ(bench.start(), Status::kOk);
  bench.flash.wear_out(bench.block_of(3), Wear::kNoErase);
  ASSERT_EQ(bench.frame(0), Status::kOk);
  ASSERT_EQ(bench.frame(1), Status::kOk);
  ASSERT_EQ(bench.area.bad_blocks(), 1u);
  ASSERT_EQ(bench.start(), Status::kOk);
  EXPECT_EQ(bench.area.bad_blocks(), 1u);
}

TEST(SpillFailure, TooFewHealthyBlocks) {
  for (const Wear wear : {Wear::kNoErase, Wear::kNoWrite, Wear::kStuckBits}) {
    SpillBench bench({}, &chacha20_poly1305());
    ASSERT_EQ(bench.start(), Status::kOk);
    for (uint32_t f = 0; f < 4; ++f) ASSERT_EQ(bench.frame(f), Status::kOk);
    for (uint32_t b = 4; b < kAreaBlocks; ++b) {
      bench.flash.wear_out(bench.block_of(b), wear);
    }
    EXPECT_EQ(bench.frame(4), Status::kSpillFull);
    ASSERT_EQ(bench.start(), Status::kOk);
    EXPECT_EQ(bench.frame(4), Status::kSpillFull) << "after a restart as well";
    EXPECT_EQ(bench.wrong, 0);
  }
}

// The block is left out as soon as it has to be erased and cannot be; what is
// in it stays good.
TEST(SpillFailure, AWornLedgerIsFull) {
  for (const Wear wear : {Wear::kNoErase, Wear::kNoWrite, Wear::kStuckBits}) {
    for (const uint32_t block : {0u, 1u}) {
      NonceSpy spy;
      SpillBench bench({}, &spy.cipher);
      ASSERT_EQ(bench.start(), Status::kOk);
      ASSERT_EQ(bench.frame(0), Status::kOk);
      bench.flash.wear_out(bench.block_of(block), wear);
      Status s = Status::kOk;
      uint32_t f = 1;
      for (; s == Status::kOk && f < 40; ++f) s = bench.frame(f);
      if (wear == Wear::kStuckBits) continue;  // an entry may fit its bits
      EXPECT_EQ(s, Status::kSpillFull);
      EXPECT_LT(f, 40u);
      ASSERT_EQ(bench.start(), Status::kOk);
      EXPECT_EQ(bench.frame(f), Status::kSpillFull);
      EXPECT_EQ(bench.wrong, 0);
      EXPECT_EQ(spy.again, 0);
    }
  }
}

// A storage after some frames, to be damaged again and again.
class Damage {
 public:
  explicit Damage(uint32_t frames) : bench({}, &spy.cipher) {
    uint32_t frame = 0;
    EXPECT_TRUE(run(bench, frame, frames));
    bytes_ = bench.flash.bytes();
    seen_ = spy.seen;
  }
  uint8_t* ledger() { return &bench.flash.bytes()[1024]; }
  void undo() {
    bench.flash.bytes() = bytes_;
    spy.seen = seen_;
  }
  // A refusal, or exact frames.
  void run_on() {
    const Status s = bench.start();
    if (s != Status::kOk) {
      EXPECT_TRUE(s == Status::kBadTag || s == Status::kWrongStore);
      return;
    }
    for (uint32_t f = 0; f < 2; ++f) EXPECT_EQ(bench.frame(f), Status::kOk);
    EXPECT_EQ(bench.wrong, 0);
    EXPECT_TRUE(bench.flash.violations().empty());
  }

  NonceSpy spy;
  SpillBench bench;

 private:
  std::vector<uint8_t> bytes_;
  std::set<uint64_t> seen_;
};

constexpr uint32_t kLedgerBytes = kLedgerBlocks * 1024;

TEST(SpillLedger, AFlippedBitInEveryByte) {
  for (const uint32_t frames : {3u, 7u}) {
    Damage damage(frames);
    for (uint32_t at = 0; at < kLedgerBytes && !HasFailure(); ++at) {
      SCOPED_TRACE("byte " + std::to_string(at) + " after " +
                   std::to_string(frames) + " frames");
      damage.undo();
      damage.ledger()[at] ^= static_cast<uint8_t>(1u << at % 8);
      damage.run_on();
      EXPECT_EQ(damage.spy.again, 0);
    }
  }
}

// Whole entries may be cut off, as if an older ledger had been put back: that
// cannot be seen, but the pages are right all the same.
TEST(SpillLedger, CutOffAtEveryByte) {
  for (const uint32_t frames : {4u, 7u}) {
    Damage damage(frames);
    for (uint32_t at = 0; at < kLedgerBytes && !HasFailure(); ++at) {
      SCOPED_TRACE("cut off at " + std::to_string(at));
      damage.undo();
      std::fill(damage.ledger() + at, damage.ledger() + kLedgerBytes, 0xFF);
      damage.run_on();
    }
  }
}

// Numbers of 32 bits end, and then the area is full: none comes again.
TEST(SpillLedger, NumbersEnd) {
  NonceSpy spy;
  SpillBench bench({}, &spy.cipher);
  LedgerEntry entry =
      first_entry(SpillBench::kKey, SpillBench::kGeneration, SpillBench::kId);
  entry.number = entry.position = 0xFFFFFFFF - 11;
  seal_entry(SpillBench::kKey, SpillBench::kGeneration, entry);
  std::memcpy(&bench.flash.bytes()[1024], &entry, sizeof entry);
  ASSERT_EQ(bench.start(), Status::kOk);
  Status s = Status::kOk;
  uint32_t frames = 0;
  for (; s == Status::kOk && frames < 9; ++frames) s = bench.frame(frames);
  EXPECT_EQ(s, Status::kSpillFull);
  EXPECT_EQ(frames, 4u);
  EXPECT_EQ(bench.start(), Status::kOk);
  EXPECT_EQ(bench.frame(0), Status::kSpillFull);
  EXPECT_EQ(spy.again, 0);
}

}  // namespace
}  // namespace shoal
