#include "host/quantize/histogram.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>

namespace shoal {
namespace {

std::vector<float> sample(unsigned seed, float spread, size_t count) {
  std::mt19937 random(seed);
  std::vector<float> values(count);
  for (float& v : values) {
    v = spread * (static_cast<float>(random() % 20001) / 10000.f - 0.7f);
  }
  return values;
}

void expect_equal(const Histogram& a, const Histogram& b) {
  EXPECT_EQ(a.count(), b.count());
  EXPECT_EQ(a.zeros(), b.zeros());
  EXPECT_EQ(a.lowest(), b.lowest());
  EXPECT_EQ(a.highest(), b.highest());
  ASSERT_EQ(a.bins(), b.bins());
  EXPECT_EQ(a.width(), b.width());
  for (int i = 0; i < a.bins(); ++i) {
    ASSERT_EQ(a.at(i), b.at(i)) << i;
    ASSERT_EQ(a.edge(i), b.edge(i)) << i;
  }
}

TEST(Histogram, BinsHoldTheirValues) {
  const std::vector<float> values = sample(1, 3, 800);
  Histogram h;
  h.add(values);
  EXPECT_LE(h.bins(), Histogram::kBins);
  EXPECT_GT(h.bins(), Histogram::kBins / 4);
  for (int i = 0; i < h.bins(); ++i) {
    const auto inside = [&](float v) {
      return v != 0 && v >= h.edge(i) && v < h.edge(i + 1);
    };
    ASSERT_EQ(h.at(i), std::count_if(values.begin(), values.end(), inside));
  }
}

// Parts of very different spreads, in any order, one by one or merged.
TEST(Histogram, OrderDoesNotMatter) {
  std::vector<std::vector<float>> parts;
  for (const float spread : {1e-6f, 1000.f, 0.f, 1.f, 3e30f, -40.f}) {
    parts.push_back(sample(7, spread, 100));
  }
  Histogram forward, backward, merged;
  for (size_t i = 0; i < parts.size(); ++i) {
    forward.add(parts[i]);
    backward.add(parts[parts.size() - 1 - i]);
    Histogram one;
    one.add(parts[(i + 2) % parts.size()]);
    merged.add(one);
  }
  expect_equal(forward, backward);
  expect_equal(forward, merged);
  int64_t sum = forward.zeros();
  for (int i = 0; i < forward.bins(); ++i) sum += forward.at(i);
  EXPECT_EQ(sum, forward.count());
}

TEST(Histogram, OfZerosHasNoBins) {
  Histogram h;
  h.add(std::vector<float>(10, 0.f));
  EXPECT_EQ(h.bins(), 0);
  EXPECT_EQ(h.zeros(), 10);
  h.add(std::vector<float>{5});
  EXPECT_EQ(h.outside(0, 4), 1);
  EXPECT_EQ(h.outside(0, 5), 0);
}

// The ends themselves are inside, even where a bin begins at them.
TEST(Histogram, CountsWhatLiesOutside) {
  Histogram h;
  h.add(std::vector<float>{-8, -4, -1, 0, 1, 4, 8, 8});
  EXPECT_EQ(h.outside(-8, 8), 0);
  EXPECT_EQ(h.outside(-5, 8), 1);
  EXPECT_EQ(h.outside(-8, 5), 2);
  EXPECT_EQ(h.outside(-2, 2), 5);
}

}  // namespace
}  // namespace shoal
