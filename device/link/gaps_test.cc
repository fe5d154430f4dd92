// The list of ranges against a plain set of bytes.
#include "device/link/gaps.h"

#include <gtest/gtest.h>

#include <random>
#include <vector>

namespace shoal {
namespace {

constexpr uint32_t kBytes = 64;

// Byte i of the list stands at offset base + i.
class Twin {
 public:
  Twin(uint32_t most, uint32_t base) : ranges_(most), base_(base) {}

  // Does what a receiver does with a fragment; false: it is dropped.
  bool take(uint32_t begin, uint32_t end) {
    if (end <= received_) return true;
    if (begin < received_) begin = received_;
    const uint32_t most = static_cast<uint32_t>(ranges_.size());
    if (begin > received_ &&
        !range_fits(ranges_.data(), most, base_ + begin, base_ + end)) {
      EXPECT_EQ(count(), most) << "refused with room left";
      EXPECT_FALSE(touches(begin, end));
      return false;
    }
    uint32_t at = base_ + begin, hole = base_ + end;
    while (find_hole(ranges_.data(), most, at, hole)) {
      for (uint32_t i = at - base_; i < hole - base_; ++i) {
        EXPECT_FALSE(there_[i]) << i << " is placed twice";
        there_[i] = true;
      }
      at = hole, hole = base_ + end;
    }
    if (begin == received_) {
      received_ = take_ranges(ranges_.data(), most, base_ + end) - base_;
    } else {
      add_range(ranges_.data(), most, base_ + begin, base_ + end);
    }
    for (uint32_t i = begin; i < end; ++i) EXPECT_TRUE(there_[i]) << i;
    check();
    return true;
  }
  uint32_t received() const { return received_; }
  uint32_t count() const {
    uint32_t n = 0;
    for (const Range& r : ranges_) n += r.begin != r.end;
    return n;
  }

 private:
  bool touches(uint32_t begin, uint32_t end) const {
    for (uint32_t i = begin > 0 ? begin - 1 : 0; i <= end && i < kBytes; ++i) {
      if (there_[i]) return true;
    }
    return false;
  }
  // The list says what is there, in order, and has no more entries than runs.
  void check() const {
    bool listed[kBytes] = {};
    uint32_t last = received_;
    bool over = false;
    for (const Range& r : ranges_) {
      if (r.begin == r.end) {
        over = true;
        continue;
      }
      EXPECT_FALSE(over) << "a free entry before one in use";
      EXPECT_GT(r.begin - base_, last);
      EXPECT_LE(r.end - base_, kBytes);
      last = r.end - base_;
      for (uint32_t i = r.begin - base_; i < last; ++i) listed[i] = true;
    }
    for (uint32_t i = 0; i < kBytes; ++i) {
      EXPECT_EQ(there_[i], i < received_ || listed[i]) << i;
    }
  }

  std::vector<Range> ranges_;
  uint32_t base_, received_ = 0;
  bool there_[kBytes] = {};
};

TEST(Gaps, AnyFragmentsInAnyOrderAreThoseOfAPlainSet) {
  std::mt19937 random(7);
  for (int run = 0; run < 3000; ++run) {
    const uint32_t bases[] = {0, 0x7FFFFFE0, 0xFFFFFFE0};
    Twin twin(run % 5, bases[run % 3]);
    for (int i = 0; i < 200 && twin.received() < kBytes; ++i) {
      const uint32_t begin = random() % kBytes;
      const uint32_t most = std::min<uint32_t>(kBytes - begin, 1 + run % 17);
      twin.take(begin, begin + 1 + random() % most);
    }
    while (twin.received() < kBytes) {
      ASSERT_TRUE(twin.take(twin.received(), twin.received() + 1));
    }
    ASSERT_EQ(twin.count(), 0u);
    if (HasFailure()) FAIL() << "run " << run;
  }
}

TEST(Gaps, WithoutAListOnlyTheNextByteIsTaken) {
  Twin twin(0, 0xFFFFFFF0);
  EXPECT_FALSE(twin.take(1, 9));
  EXPECT_TRUE(twin.take(0, 9));
  EXPECT_FALSE(twin.take(10, 11));
  EXPECT_TRUE(twin.take(3, 20));
  EXPECT_EQ(twin.received(), 20u);
}

TEST(Gaps, AFullListTakesWhatTouchesIt) {
  Twin twin(2, 0xFFFFFFF0);
  EXPECT_TRUE(twin.take(4, 6));
  EXPECT_TRUE(twin.take(10, 12));
  EXPECT_FALSE(twin.take(7, 9));
  EXPECT_FALSE(twin.take(20, 21));
  EXPECT_TRUE(twin.take(6, 7));
  EXPECT_TRUE(twin.take(7, 10));
  EXPECT_EQ(twin.count(), 1u);
  EXPECT_TRUE(twin.take(2, 30));
  EXPECT_TRUE(twin.take(0, 3));
  EXPECT_EQ(twin.received(), 30u);
  EXPECT_EQ(twin.count(), 0u);
}

}  // namespace
}  // namespace shoal
