#include <gtest/gtest.h>

#include <algorithm>
#include <limits>
#include <random>

#include "host/plan/cuts/cuts.h"

namespace shoal {
namespace {

using Ints = std::vector<int>;

TEST(CutExtent, EqualWeightsGiveEvenParts) {
  EXPECT_EQ(cut_extent(8, {1, 1, 1, 1}), (Ints{0, 2, 4, 6, 8}));
  EXPECT_EQ(cut_extent(14, {1, 1, 1, 1}), (Ints{0, 4, 7, 11, 14}));
  EXPECT_EQ(cut_extent(7, {1, 1}), (Ints{0, 4, 7}));
  EXPECT_EQ(cut_extent(5, {3}), (Ints{0, 5}));
}

TEST(CutExtent, TheWeakGoWithoutWhereThereIsLittle) {
  EXPECT_EQ(cut_extent(2, {1, 9, 9}), (Ints{0, 0, 1, 2}));
  EXPECT_EQ(cut_extent(1, {1, 1, 1}).back(), 1);
  EXPECT_EQ(cut_extent(6, {0, 1, 0, 2}), (Ints{0, 0, 2, 2, 6}));
}

TEST(CutExtent, BoundariesLieOnTheGranule) {
  EXPECT_EQ(cut_extent(12, {1, 1, 1}, 3), (Ints{0, 3, 9, 12}));
  EXPECT_EQ(cut_extent(6, {1, 1}, 2), (Ints{0, 4, 6}));
}

// Returns the least largest load, by dynamic programming over all cuts.
double best_load(int extent, const std::vector<double>& weights) {
  std::vector<double> best(static_cast<size_t>(extent) + 1,
                           std::numeric_limits<double>::infinity());
  best[0] = 0;
  for (double w : weights) {
    std::vector<double> next(best.size(), best.back());
    for (int to = 0; to <= extent; ++to) {
      next[to] = std::numeric_limits<double>::infinity();
      for (int from = 0; from <= to; ++from) {
        next[to] = std::min(next[to], std::max(best[from], (to - from) / w));
      }
    }
    best = next;
  }
  return best.back();
}

TEST(CutExtent, NoCutHasALesserLargestLoad) {
  std::mt19937 random(3);
  for (int round = 0; round < 400; ++round) {
    const int extent = 1 + static_cast<int>(random() % 40);
    std::vector<double> weights;
    for (int n = 1 + static_cast<int>(random() % 12); n > 0; --n) {
      weights.push_back(1 + static_cast<double>(random() % 7));
    }
    const Ints b = cut_extent(extent, weights);
    SCOPED_TRACE("round " + std::to_string(round));
    ASSERT_EQ(b.size(), weights.size() + 1);
    ASSERT_EQ(b.front(), 0);
    ASSERT_EQ(b.back(), extent);
    double load = 0;
    for (size_t i = 0; i < weights.size(); ++i) {
      ASSERT_LE(b[i], b[i + 1]);
      load = std::max(load, (b[i + 1] - b[i]) / weights[i]);
    }
    EXPECT_NEAR(load, best_load(extent, weights), 1e-9);
  }
}

// Halves of a map lie under the halves of a map twice as large.
TEST(CutExtent, BoundariesOfMapsOfDifferentSizesLieAlike) {
  for (const int n : {2, 3, 4, 5, 8}) {
    const std::vector<double> weights(static_cast<size_t>(n), 1.0);
    const Ints large = cut_extent(56, weights);
    for (const int shrink : {2, 4, 8}) {
      const Ints small = cut_extent(56 / shrink, weights);
      for (int i = 0; i <= n; ++i) {
        EXPECT_LE(std::abs(small[i] * shrink - large[i]), shrink);
      }
    }
  }
}

}  // namespace
}  // namespace shoal
