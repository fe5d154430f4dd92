#include "host/plan/arena/pack.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <limits>
#include <random>
#include <utility>

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
  // Each stage holds its input and its output, at alternate ends of the arena.
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

std::vector<PackItem> random_items(std::mt19937& random) {
  std::vector<PackItem> items;
  for (int n = 1 + static_cast<int>(random() % 30); n > 0; --n) {
    PackItem item;
    item.bytes = 1 + random() % 5000;
    item.first_stage = static_cast<int>(random() % 6);
    item.last_stage = item.first_stage + static_cast<int>(random() % 3);
    const size_t under = random() % (items.size() + 1);
    // An input that ends here lies under an output, as in overlays.
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
  return items;
}

TEST(PackTest, RandomItems) {
  int better = 0;
  for (uint32_t seed = 1; seed <= 200; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    std::mt19937 random(seed);
    const std::vector<PackItem> items = random_items(random);
    const Packing quick = pack(items, {0});
    const Packing thorough = pack(items, {300});
    expect_sound(items, quick);
    expect_sound(items, thorough);
    EXPECT_LE(thorough.bytes, quick.bytes);
    const Packing last = pack(items, {.last_tries = 300});
    expect_sound(items, last);
    EXPECT_LE(last.bytes, quick.bytes);
    better += last.bytes < quick.bytes;
    // A packing that is small enough is not improved.
    const Packing enough =
        pack(items, {.tries = 300, .last_tries = 300, .enough = quick.bytes});
    EXPECT_EQ(enough.offsets, quick.offsets);
    if (HasFailure()) return;
  }
  EXPECT_GT(better, 0);
}

// The same search without any shortcut: each packing is made from its first
// item on, with each item at the first free place.
class PlainPacker {
 public:
  PlainPacker(const std::vector<PackItem>& items, int64_t height)
      : items_(items), height_(height) {
    for (int i = 0; i < static_cast<int>(items.size()); ++i) {
      const int over = items[i].over;
      of_.push_back(over < 0 ? i : of_[over]);
      at_.push_back(over < 0 ? 0 : at_[over] - items[i].lead);
    }
    for (int i = 0; i < static_cast<int>(items.size()); ++i) {
      if (of_[i] == i) piles_.push_back(i);
    }
    for (const int c : piles_) {
      int64_t low = 0;
      for (size_t i = 0; i < of_.size(); ++i) {
        if (of_[i] == c) low = std::min(low, at_[i]);
      }
      for (size_t i = 0; i < of_.size(); ++i) {
        if (of_[i] == c) at_[i] -= low;
      }
    }
  }

  Packing improve(std::vector<std::pair<int, bool>> order, int tries,
                  int64_t enough) {
    Packing best = place(order);
    std::mt19937 random(1);
    for (int i = 0; i < tries && best.bytes > std::max(height_, enough); ++i) {
      auto other = order;
      const size_t from = random() % order.size(), to = random() % order.size();
      const auto moved = other[from];
      other.erase(other.begin() + static_cast<std::ptrdiff_t>(from));
      other.insert(other.begin() + static_cast<std::ptrdiff_t>(to), moved);
      if (random() % 3 == 0) other[to].second = !other[to].second;
      Packing p = place(other);
      if (p.bytes > best.bytes) continue;
      best = std::move(p), order = other;
    }
    return best;
  }
  Packing best_of(int tries, int64_t enough) {
    return improve(best_order_, tries, enough);
  }
  // Tries each of these orders; of equal ones the last is kept.
  void begin(const std::vector<std::vector<std::pair<int, bool>>>& orders) {
    int64_t least = std::numeric_limits<int64_t>::max();
    for (const auto& order : orders) {
      const int64_t bytes = place(order).bytes;
      if (bytes <= least) least = bytes, best_order_ = order;
    }
  }
  const std::vector<int>& piles() const { return piles_; }
  int64_t bytes(int c) const {
    int64_t most = 0;
    for (size_t i = 0; i < of_.size(); ++i) {
      if (of_[i] == c) most = std::max(most, at_[i] + aligned(items_[i].bytes));
    }
    return most;
  }
  int first(int c) const { return life(c).first; }
  bool is_long(int c) const { return life(c).second > life(c).first; }

 private:
  std::pair<int, int> life(int c) const {
    std::pair<int, int> all{items_[c].first_stage, items_[c].last_stage};
    for (size_t i = 0; i < of_.size(); ++i) {
      if (of_[i] != c) continue;
      all.first = std::min(all.first, items_[i].first_stage);
      all.second = std::max(all.second, items_[i].last_stage);
    }
    return all;
  }
  bool is_free(int c, int64_t at, const Packing& p) const {
    for (size_t i = 0; i < of_.size(); ++i) {
      if (of_[i] != c) continue;
      const int64_t lo = at + at_[i], hi = lo + aligned(items_[i].bytes);
      for (size_t o = 0; o < of_.size(); ++o) {
        if (p.offsets[o] < 0 || !meet_in_time(items_[i], items_[o])) continue;
        const auto apart = [&](size_t a, size_t b) {
          return std::ranges::count(items_[a].apart, static_cast<int>(b)) > 0;
        };
        if (apart(i, o) || apart(o, i)) continue;
        if (lo < p.offsets[o] + aligned(items_[o].bytes) && p.offsets[o] < hi) {
          return false;
        }
      }
    }
    return true;
  }
  Packing place(const std::vector<std::pair<int, bool>>& order) const {
    Packing p{std::vector<int64_t>(items_.size(), -1), 0};
    for (const auto& [c, high] : order) {
      int64_t at = high ? height_ - bytes(c) : -1;
      while (at >= 0 && !is_free(c, at, p)) at -= kAlign;
      if (at < 0) {
        for (at = 0; !is_free(c, at, p);) at += kAlign;
      }
      for (size_t i = 0; i < of_.size(); ++i) {
        if (of_[i] != c) continue;
        p.offsets[i] = at + at_[i];
        p.bytes = std::max(p.bytes, p.offsets[i] + items_[i].bytes);
      }
    }
    return p;
  }

  const std::vector<PackItem>& items_;
  const int64_t height_;
  std::vector<int> of_;      // by item: the first one of its pile
  std::vector<int64_t> at_;  // by item: in its pile
  std::vector<int> piles_;
  std::vector<std::pair<int, bool>> best_order_;
};

Packing plain_pack(const std::vector<PackItem>& items, PackLimits limits) {
  PlainPacker packer(items, packing_bound(items));
  std::vector<int> by_size = packer.piles(), by_life = by_size;
  std::ranges::stable_sort(by_size, std::greater<>(),
                           [&](int c) { return packer.bytes(c); });
  std::ranges::stable_sort(by_life, [&](int a, int b) {
    if (packer.is_long(a) != packer.is_long(b)) return packer.is_long(a);
    if (packer.is_long(a)) return packer.first(a) < packer.first(b);
    return packer.bytes(a) > packer.bytes(b);
  });
  std::vector<std::vector<std::pair<int, bool>>> orders(4);
  for (const int c : by_size) orders[0].emplace_back(c, false);
  for (const int c : by_size) orders[1].emplace_back(c, packer.is_long(c));
  for (size_t i = 0; i < by_life.size(); ++i) {
    const int c = by_life[i];
    orders[2].emplace_back(c, packer.is_long(c) && i % 2 == 1);
    orders[3].emplace_back(c, packer.is_long(c) && i % 2 == 0);
  }
  packer.begin(orders);
  return packer.best_of(limits.tries, limits.enough);
}

TEST(PackTest, FindsWhatThePlainSearchFinds) {
  int tried = 0;
  for (uint32_t seed = 1; seed <= 60; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    std::mt19937 random(seed);
    std::vector<PackItem> items = random_items(random);
    // Some rings never hold rows at the same time; some touch each other's
    // ends.
    for (size_t i = 1; i < items.size(); ++i) {
      const size_t other = random() % i;
      if (random() % 4 == 0) items[i].apart = {static_cast<int>(other)};
      if (random() % 3 == 0) items[i].bytes = items[other].bytes;
    }
    const PackLimits limits{.tries = static_cast<int>(random() % 40)};
    const Packing quick = pack(items, limits);
    const Packing plain = plain_pack(items, limits);
    EXPECT_EQ(quick.bytes, plain.bytes);
    EXPECT_EQ(quick.offsets, plain.offsets);
    tried += quick.bytes > packing_bound(items);
    if (HasFailure()) return;
  }
  EXPECT_GT(tried, 0);
}

TEST(PackMemoTest, AnswersAsIfAskedForTheFirstTime) {
  std::mt19937 random(7);
  PackMemo memo;
  for (int i = 0; i < 60; ++i) {
    const std::vector<PackItem> items = random_items(random);
    const int64_t bound = packing_bound(items);
    for (const PackLimits& limits :
         {PackLimits{}, PackLimits{.tries = 30},
          PackLimits{.tries = 30, .last_tries = 10},
          PackLimits{.tries = 30, .most = bound},
          PackLimits{.tries = 30, .most = bound + 1},
          PackLimits{.tries = 30, .enough = bound + 400}}) {
      for (const std::vector<int64_t>& saved :
           {std::vector<int64_t>{}, std::vector<int64_t>{0, 160, 48}}) {
        const Packing plain = pack(items, limits, saved);
        for (int again = 0; again < 2; ++again) {
          const size_t before = memo.worked_out();
          const Packing p = memo.pack(items, limits, saved);
          EXPECT_EQ(p.offsets, plain.offsets);
          EXPECT_EQ(p.bytes, plain.bytes);
          if (again > 0) {
            EXPECT_EQ(memo.worked_out(), before);
          }
        }
      }
    }
  }
}

}  // namespace
}  // namespace shoal
