#include "device/storage/spill_area.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <functional>
#include <numeric>
#include <optional>
#include <random>

#include "device/storage/testing/spill_bench.h"

namespace shoal {
namespace {

constexpr uint32_t kRing = 7, kBlocks = kLedgerBlocks + kRing;

TEST(SpillArea, PagesComeBackAndWearIsLevel) {
  for (const bool keyed : {false, true}) {
    SpillBench bench({}, keyed ? &chacha20_poly1305() : nullptr);
    ASSERT_EQ(bench.start(), Status::kOk);
    for (uint32_t f = 0; f < 40; ++f) {
      ASSERT_EQ(bench.frame(f), Status::kOk) << f;
      uint32_t least = ~0u, most = 0, all = 0;
      for (uint32_t b = 0; b < kBlocks; ++b) {
        const uint32_t erases = bench.flash.erases(bench.block_of(b));
        EXPECT_EQ(bench.area.erases(b), erases) << "frame " << f << " " << b;
        all = std::max(all, erases);
        if (b < kLedgerBlocks) continue;
        least = std::min(least, erases), most = std::max(most, erases);
      }
      EXPECT_LE(most - least, 1u);
      EXPECT_EQ(bench.area.most_erases(), all);
    }
    EXPECT_EQ(bench.wrong, 0);
    EXPECT_EQ(bench.flash.erases(0), 0u) << "outside the area";
    EXPECT_TRUE(bench.flash.violations().empty());
  }
}

TEST(SpillArea, TheLedgerWearsNoFasterThanTheRing) {
  SpillShape shape;
  shape.ring = 61, shape.pages = 1;
  SpillBench bench(shape, nullptr);
  ASSERT_EQ(bench.start(), Status::kOk);
  EXPECT_EQ(bench.area.run_blocks(), 8u);  // 61 blocks, 2 times 4 entries
  for (uint32_t f = 0; f < 200; ++f) ASSERT_EQ(bench.frame(f), Status::kOk);
  EXPECT_LE(bench.flash.erases(bench.block_of(0)), 4u);
  EXPECT_LE(bench.flash.erases(bench.block_of(1)), 4u);
  EXPECT_EQ(bench.flash.erases(bench.block_of(2)), 4u);
}

TEST(SpillArea, SlowStorageAndOthersOnIt) {
  SpillBench bench({}, &chacha20_poly1305());
  bench.flash.set_latency(3);
  ASSERT_EQ(bench.start(), Status::kOk);
  ASSERT_EQ(bench.frame(1), Status::kOk);
  std::vector<uint8_t> buffer(1024);
  bench.area.begin_frame();
  ASSERT_EQ(bench.area.start_write_page(0, buffer.data()), Status::kOk);
  const uint32_t before = bench.flash.operations();
  for (int i = 0; i < 20; ++i) {
    ASSERT_EQ(bench.area.poll(false), Status::kWait);
    EXPECT_TRUE(bench.area.wants_storage());
    EXPECT_FALSE(bench.area.uses_storage());
  }
  EXPECT_EQ(bench.flash.operations(), before);
  ASSERT_EQ(bench.area.poll(true), Status::kWait);
  EXPECT_TRUE(bench.area.uses_storage());
  EXPECT_EQ(bench.area.start_read_page(0, buffer.data()), Status::kBadArgument);
  ASSERT_EQ(bench.finish(), Status::kOk);
  EXPECT_EQ(bench.area.poll(true), Status::kOk);
  EXPECT_EQ(bench.area.start_write_page(0, buffer.data()),
            Status::kBadArgument);
  EXPECT_EQ(bench.area.start_write_page(3, buffer.data()),
            Status::kBadArgument);
  EXPECT_EQ(bench.area.start_read_page(1, buffer.data()), Status::kBadArgument);
  EXPECT_TRUE(bench.flash.violations().empty());
}

TEST(SpillArea, ConfigurationsThatMakeNoSense) {
  SpillBench bench({}, &chacha20_poly1305());
  const SpillConfig good = bench.config();
  ASSERT_EQ(bench.start(good), Status::kOk);
  const auto with = [&](auto change, Status expected) {
    SpillConfig c = good;
    shoal_spill_area area = *good.area;
    shoal_storage storage = *good.storage;
    c.area = &area, c.storage = &storage;
    change(c, area, storage);
    EXPECT_EQ(bench.start(c), expected);
    EXPECT_EQ(bench.area.poll(true), expected) << "stays refused";
  };
  using C = SpillConfig;
  using A = shoal_spill_area;
  using S = shoal_storage;
  const Status bad = Status::kBadArgument;
  with([](C&, A&, S& s) { s.write = nullptr; }, bad);
  with([](C&, A&, S& s) { s.erase = nullptr; }, bad);
  with([](C& c, A&, S&) { c.key = nullptr; }, bad);
  with([](C& c, A&, S&) { c.cipher = &checksum_only(); }, bad);
  with([](C& c, A&, S&) { c.pages = 0; }, bad);
  with([](C&, A& a, S&) { a.offset = 5; }, bad);
  with([](C&, A& a, S&) { a.bytes -= 1; }, bad);
  with([](C&, A& a, S&) { a.offset = 0xFFFFFC00; }, bad);
  with([](C&, A& a, S&) { a.erase_bytes = 0; }, bad);
  with([](C&, A& a, S&) { a.write_bytes = 0; }, bad);
  with([](C&, A& a, S&) { a.write_bytes = 1024; }, bad);
  with([](C&, A& a, S&) { a.write_bytes = 100; }, bad);
  with([](C& c, A&, S&) { c.page_bytes = 2048; }, Status::kWrongStore);
  with([](C& c, A&, S&) { c.pages = kRing + 1; }, Status::kSpillFull);
}

TEST(SpillArea, OtherStoresAreRefused) {
  SpillBench bench({}, &chacha20_poly1305());
  SpillConfig c = bench.config();
  static constexpr uint8_t kOther[32] = {5};
  c.key = kOther;
  EXPECT_EQ(bench.start(c), Status::kBadTag);
  c = bench.config();
  c.cipher = nullptr, c.key = nullptr;
  EXPECT_EQ(bench.start(c), Status::kBadTag);
  c = bench.config();
  c.store_id = kOther;
  EXPECT_EQ(bench.start(c), Status::kWrongStore);
  std::fill(bench.flash.bytes().begin(), bench.flash.bytes().end(), 0xFF);
  EXPECT_EQ(bench.start(), Status::kWrongStore) << "no ledger at all";
  SpillBench plain({}, nullptr);
  c = plain.config();
  c.generation = 6;
  EXPECT_EQ(plain.start(c), Status::kBadTag);
}

TEST(SpillArea, ASealedOneNeedsTheSaltOfItsStart) {
  SpillBench bench({}, &chacha20_poly1305());
  SpillConfig c = bench.config();
  c.salt = nullptr;
  EXPECT_EQ(bench.start(c), Status::kNoSalt);
  SpillBench plain({}, nullptr);
  c = plain.config();
  c.salt = nullptr;
  EXPECT_EQ(plain.start(c), Status::kOk);
  EXPECT_EQ(plain.frame(1), Status::kOk);
}

// A storage that was copied twice, or put back: the same numbers come again,
// but nothing is encrypted with the same keystream.
TEST(SpillArea, CopiesShareNoKeystream) {
  SpillBench first({}, &chacha20_poly1305());
  ASSERT_EQ(first.start(), Status::kOk);
  ASSERT_EQ(first.frame(1), Status::kOk);
  const std::vector<uint8_t> copied = first.flash.bytes();
  std::vector<uint8_t> ring[2];
  for (int copy = 0; copy < 2; ++copy) {
    SpillBench bench({}, &chacha20_poly1305());
    bench.flash.bytes() = copied;
    bench.salt[15] = static_cast<uint8_t>(copy);
    ASSERT_EQ(bench.start(), Status::kOk);
    ASSERT_EQ(bench.frame(1), Status::kOk);  // the same contents, even
    const auto begin = bench.flash.bytes().begin() +
                       (1 + kLedgerBlocks + 3) * 1024;  // behind `first`
    ring[copy].assign(begin, begin + 3 * 1024);
  }
  const auto same =
      std::inner_product(ring[0].begin(), ring[0].end(), ring[1].begin(), 0,
                         std::plus<>(), std::equal_to<>());
  EXPECT_LT(same, 40) << "of 3,072; 12 by chance";
}

// One of two nodes that write to one storage.
class Writer {
 public:
  Writer(SpillBench& bench, uint8_t salt, bool keyed, uint32_t frames)
      : state_(spill_state_bytes(kPages) / 8), salt_{salt}, frames_(frames) {
    SpillConfig c = bench.config();
    c.salt = salt_.data();
    c.state = state_.data();
    if (!keyed) c.cipher = nullptr, c.key = nullptr;
    status = area_.open(c);
  }
  bool ended() const { return failed(status) || frame_ == frames_; }
  // One operation of the storage at most.
  void step(const SpillBench& bench) {
    status = area_.poll(true);
    if (area_.uses_storage()) status = area_.poll(false);
    if (status == Status::kOk) next(bench);
  }
  Status status;
  int wrong = 0;

 private:
  static constexpr uint32_t kPages = 3;
  void next(const SpillBench& bench) {
    if (page_ == kNowhere) {
      page_ = 0;
    } else if (++page_ > kPages) {  // one was read
      buffer_.resize(page_payload(1024));
      wrong += buffer_ != bench.contents(frame_, 2 * kPages - page_);
    }
    if (page_ == 2 * kPages) page_ = 0, ++frame_;
    if (frame_ == frames_) return;
    if (page_ == 0) area_.begin_frame();
    if (page_ < kPages) {
      buffer_ = bench.contents(frame_, page_);
      buffer_.resize(1024);
      status = area_.start_write_page(page_, buffer_.data());
    } else {
      buffer_.assign(1024, 0x5A);
      status = area_.start_read_page(2 * kPages - 1 - page_, buffer_.data());
    }
  }
  SpillArea area_;
  std::vector<uint64_t> state_;
  std::array<uint8_t, kStartSaltBytes> salt_;
  std::vector<uint8_t> buffer_;
  uint32_t page_ = kNowhere, frame_ = 0;
  const uint32_t frames_;
};

// Two nodes on one storage, which nothing keeps from each other, one operation
// of this one and one of that one in every order that luck brings: what either
// reads is what it wrote. One ends because the ledger is not its own any more;
// the other may find that a page of its was changed meanwhile.
TEST(SpillArea, TwoWritersAreExactOrStop) {
  int stopped = 0, changed = 0;
  for (unsigned seed = 0; seed < 3000 && !HasFailure(); ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    std::mt19937 random(seed);
    const bool keyed = seed % 2, file = seed / 2 % 2;
    SpillBench bench({}, keyed ? &chacha20_poly1305() : nullptr);
    if (file) bench.flash.be_a_file();
    std::optional<Writer> writers[2];
    const uint32_t other = random() % 120, burst = 1 + random() % 40;
    writers[0].emplace(bench, 1, keyed, 6);
    const auto go = [&](int w, uint32_t steps) {
      while (steps-- > 0 && !writers[w]->ended()) writers[w]->step(bench);
    };
    go(0, other);
    writers[1].emplace(bench, 2, keyed, 6);
    while (!writers[0]->ended() || !writers[1]->ended()) {
      go(static_cast<int>(random() % 2), 1 + random() % burst);
    }
    int bad = 0;
    for (const auto& w : writers) {
      EXPECT_EQ(w->wrong, 0);
      EXPECT_TRUE(!failed(w->status) || w->status == Status::kOtherWriter ||
                  w->status == Status::kBadTag)
          << static_cast<int>(w->status);
      stopped += w->status == Status::kOtherWriter;
      bad += w->status == Status::kBadTag;
    }
    EXPECT_LE(bad, 1) << "the one who did it knows";
    changed += bad;
  }
  EXPECT_GT(stopped, 1000);
  EXPECT_LT(changed, stopped / 10);
  std::printf("%d stopped, %d found a page changed\n", stopped, changed);
}

// A page of an earlier round in the same block, another page of the frame,
// and every single damaged byte of one.
TEST(SpillArea, OldForeignAndDamagedPagesAreRefused) {
  for (const bool keyed : {false, true}) {
    SpillBench bench({}, keyed ? &chacha20_poly1305() : nullptr);
    ASSERT_EQ(bench.start(), Status::kOk);
    ASSERT_EQ(bench.frame(0), Status::kOk);  // blocks 2, 3, 4 of the area
    const auto block = [&](uint32_t b) {
      return bench.flash.bytes().begin() + bench.block_of(b) * 1024;
    };
    const std::vector<uint8_t> old(block(2), block(3));
    for (uint32_t f = 1; f < 7; ++f) ASSERT_EQ(bench.frame(f), Status::kOk);
    bench.area.begin_frame();  // number 21 is block 2 again
    for (uint32_t p = 0; p < 3; ++p) ASSERT_EQ(bench.write(7, p), Status::kOk);
    const std::vector<uint8_t> good(block(2), block(3));
    const auto reads = [&](const std::vector<uint8_t>& page) {
      std::copy(page.begin(), page.end(), block(2));
      const SpillArea before = bench.area;
      const Status s = bench.read(7, 0);
      bench.area = before;  // a refusal is final
      return s;
    };
    EXPECT_EQ(reads(old), Status::kBadTag);
    EXPECT_EQ(reads({block(3), block(4)}), Status::kBadTag);
    for (uint32_t at = 0; at < 1024; ++at) {
      std::vector<uint8_t> bad = good;
      bad[at] = static_cast<uint8_t>(bad[at] ^ 1u << at % 8);
      ASSERT_EQ(reads(bad), Status::kBadTag) << at;
    }
    EXPECT_EQ(reads(good), Status::kOk);
    EXPECT_EQ(bench.wrong, 0);
  }
}

TEST(SpillArea, ContentsAreEncryptedOnlyWithAKey) {
  for (const bool keyed : {false, true}) {
    SpillBench bench({}, keyed ? &chacha20_poly1305() : nullptr);
    ASSERT_EQ(bench.start(), Status::kOk);
    ASSERT_EQ(bench.frame(3), Status::kOk);
    const std::vector<uint8_t> plain = bench.contents(3, 0);
    const auto& all = bench.flash.bytes();
    const auto found =
        std::search(all.begin(), all.end(), plain.begin(), plain.begin() + 16);
    EXPECT_EQ(found == all.end(), keyed);
  }
}

}  // namespace
}  // namespace shoal
