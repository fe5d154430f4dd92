#include "host/plan/arena/pack.h"

#include <gtest/gtest.h>

#include <random>

namespace shoal {
namespace {

bool meet_in_time(const PackItem& a, const PackItem& b) {
  return a.first_stage <= b.last_stage && b.first_stage <= a.last_stage;
}

void expect_sound(const std::vector<PackItem>& items, const Packing& p) {
  ASSERT_EQ(p.offsets.size(), items.size());
  int64_t top = 0;
  for (size_t i = 0; i < items.size(); ++i) {
    EXPECT_EQ(p.offsets[i] % 16, 0);
    EXPECT_GE(p.offsets[i], 0);
    top = std::max(top, p.offsets[i] + items[i].bytes);
    const int over = items[i].over;
    if (over >= 0) {
      EXPECT_EQ(p.offsets[i], p.offsets[over] - items[i].lead);
    }
    for (size_t j = 0; j < i; ++j) {
      if (!meet_in_time(items[i], items[j]) || over == static_cast<int>(j)) {
        continue;
      }
      EXPECT_TRUE(p.offsets[i] + items[i].bytes <= p.offsets[j] ||
                  p.offsets[j] + items[j].bytes <= p.offsets[i])
          << i << " and " << j;
    }
  }
  EXPECT_EQ(p.bytes, top);
}

TEST(PackTest, ChainOfWholeTensorsMeetsTheBound) {
  // Each stage holds its input and its output: both ends of the arena in turn.
  std::vector<PackItem> items;
  const int64_t sizes[] = {4000, 160, 3008, 2000, 2500, 96, 4100};
  for (int s = 0; s < 7; ++s) items.push_back({sizes[s], s, s + 1, -1, 0, {}});
  for (int s = 1; s < 7; ++s) items.push_back({160, s, s, -1, 0, {}});
  const Packing p = pack(items, {0});
  expect_sound(items, p);
  EXPECT_LE(p.bytes, packing_bound(items));
}

TEST(PackTest, OverlayCountsOnce) {
  std::vector<PackItem> items{{1600, 0, 1, -1, 0, {}}, {1600, 1, 2, 0, 32, {}}};
  EXPECT_EQ(packing_bound(items), 1632);
  const Packing p = pack(items, {10});
  expect_sound(items, p);
  EXPECT_EQ(p.bytes, 1632);
}

TEST(PackTest, LeadBelowZeroPutsTheOutputInsideItsInput) {
  std::vector<PackItem> items{{1600, 0, 1, -1, 0, {}}, {320, 1, 2, 0, -64, {}}};
  const Packing p = pack(items, {10});
  expect_sound(items, p);
  EXPECT_EQ(p.bytes, 1600);
}

TEST(PackTest, RandomItems) {
  int better = 0;
  for (uint32_t seed = 1; seed <= 200; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    std::mt19937 random(seed);
    std::vector<PackItem> items;
    for (int n = 1 + static_cast<int>(random() % 30); n > 0; --n) {
      PackItem item;
      item.bytes = 1 + random() % 5000;
      item.first_stage = static_cast<int>(random() % 6);
      item.last_stage = item.first_stage + static_cast<int>(random() % 3);
      const size_t under = random() % (items.size() + 1);
      // A dying input under an output, as overlays are.
      if (under < items.size() && items[under].over < 0 &&
          items[under].last_stage == item.first_stage) {
        item.over = static_cast<int>(under);
        item.lead = static_cast<int64_t>(random() % 20) * 16 - 64;
      }
      items.push_back(item);
    }
    // At most one overlay on an item.
    for (size_t i = 0; i < items.size(); ++i) {
      for (size_t j = 0; j < i; ++j) {
        if (items[i].over >= 0 && items[i].over == items[j].over) {
          items[i].over = -1;
          items[i].lead = 0;
        }
      }
    }
    const Packing quick = pack(items, {0});
    const Packing thorough = pack(items, {300});
    expect_sound(items, quick);
    expect_sound(items, thorough);
    EXPECT_LE(thorough.bytes, quick.bytes);
    const Packing last = pack(items, {.last_tries = 300});
    expect_sound(items, last);
    EXPECT_LE(last.bytes, quick.bytes);
    better += last.bytes < quick.bytes;
    // What is enough is not improved.
    const Packing enough =
        pack(items, {.tries = 300, .last_tries = 300, .enough = quick.bytes});
    EXPECT_EQ(enough.offsets, quick.offsets);
    if (HasFailure()) return;
  }
  EXPECT_GT(better, 0);
}

}  // namespace
}  // namespace shoal
