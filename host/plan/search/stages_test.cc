#include "host/plan/search/stages.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <limits>
#include <memory>
#include <random>

#include "host/plan/search/sweep.h"
#include "host/plan/testing/shape_net.h"

namespace shoal {
namespace {

struct Fixture {
  explicit Fixture(const Net& n, std::ptrdiff_t most = 1000)
      : net(n),
        uses(find_uses(net)),
        tables(pass_tables(net, uses, find_board("stm32f746"))) {
    if (std::ssize(tables) > most) {
      tables.erase(tables.begin() + 1, tables.end() - most + 1);
    }
    sums = std::make_unique<SharedSums>(net, uses, tables);
  }

  StageSearch search() const {
    return {
        net, *sums,
        [this](Segment s) -> int64_t { return can_be_stage(uses, s) ? 0 : -1; },
        [](Segment) -> SegmentBytes { return {}; },
        [](Segment) -> int64_t { return 0; }};
  }
  int64_t bytes(Segment s, const PassTable& table) const {
    const auto up = [](int64_t v) { return (v + 15) / 16 * 16; };
    int64_t sum = 0;
    for (size_t t = 0; t < uses.size(); ++t) {
      if (!lives_during(uses[t], s)) continue;
      sum += lives_inside(uses[t], s) ? table.ring_bytes[t]
                                      : up(net.tensors[t].bytes());
    }
    for (int l = s.begin; l < s.end; ++l) sum += table.sums_bytes[l];
    return sum;
  }

  Net net;
  std::vector<TensorUses> uses;
  std::vector<PassTable> tables;
  std::unique_ptr<SharedSums> sums;
};

struct Optimum {
  int64_t time = std::numeric_limits<int64_t>::max();
  int64_t least_peak = std::numeric_limits<int64_t>::max();
};

// Tries all ways to cut with all tables for every stage.
void try_all(const Fixture& f, int begin, int64_t time, int64_t peak,
             int64_t budget, Optimum& best) {
  const int n = static_cast<int>(f.net.layers.size());
  if (begin == n) {
    best.least_peak = std::min(best.least_peak, peak);
    if (peak <= budget) best.time = std::min(best.time, time);
    return;
  }
  for (int end = begin + 1; end <= n; ++end) {
    const Segment s{begin, end};
    if (!can_be_stage(f.uses, s)) continue;
    for (const PassTable& table : f.tables) {
      int64_t layers = 0;
      for (int l = begin; l < end; ++l) layers += table.time_ps[l];
      try_all(f, end, time + layers, std::max(peak, f.bytes(s, table)), budget,
              best);
    }
  }
}

TEST(StagesTest, AsGoodAsTryingAllCuts) {
  int compared = 0;
  for (uint32_t seed = 1; seed <= 250; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    const Fixture f(random_net(seed), 4);
    if (f.net.layers.empty() || f.net.layers.size() > 6) continue;
    const auto least =
        smallest_budget(f.search(), std::numeric_limits<int64_t>::max());
    ASSERT_TRUE(least.has_value());
    for (const int64_t budget : {*least, *least * 3 / 2}) {
      Optimum best;
      try_all(f, 0, 0, 0, budget, best);
      const auto cuts = fastest_cuts(f.search(), {budget, budget});
      ASSERT_TRUE(cuts.has_value());
      int64_t time = 0;
      for (const StageCut& c : *cuts) {
        time += c.time_ps;
        EXPECT_LE(c.bytes, budget);
        EXPECT_EQ(c.bytes, f.bytes(c.segment, f.tables[c.table]));
      }
      EXPECT_EQ(time, best.time);
      EXPECT_LE(best.least_peak, *least);
      EXPECT_GE(best.least_peak, *least - 15);
    }
    EXPECT_FALSE(fastest_cuts(f.search(), {*least - 16, *least - 16}));
    ++compared;
  }
  EXPECT_GT(compared, 10);
}

// Sums do not depend on the order in which they are requested, even if older
// ones were forgotten.
TEST(StagesTest, SumsOfSegmentsAreThoseOfTheirLayers) {
  std::mt19937 random(1);
  for (uint32_t seed = 1; seed <= 60; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    const Fixture f(random_net(seed));
    const int n = static_cast<int>(f.net.layers.size());
    if (n == 0) continue;
    SharedSums shared(f.net, f.uses, f.tables,
                      seed % 2 ? 4096 : size_t{1} << 20);
    for (int i = 0; i < 200; ++i) {
      const bool least = random() % 2 == 0;
      const int begin = static_cast<int>(random() % n);
      const int end = begin + 1 + static_cast<int>(random() % (n - begin));
      const Segment s{begin, end};
      const std::vector<PickedTable>& picked = shared.picked(least);
      const SegmentSums::Sums sums = shared.sums(least, s);
      int64_t least_bytes = std::numeric_limits<int64_t>::max();
      int64_t least_ps = least_bytes;
      for (size_t p = 0; p < picked.size(); ++p) {
        const PassTable& table = f.tables[picked[p].index];
        int64_t time_ps = 0;
        for (int l = begin; l < end; ++l) time_ps += table.time_ps[l];
        EXPECT_EQ(sums.bytes[p], f.bytes(s, table));
        EXPECT_EQ(sums.time_ps[p], time_ps);
        least_bytes = std::min(least_bytes, sums.bytes[p]);
        least_ps = std::min(least_ps, sums.time_ps[p]);
      }
      EXPECT_EQ(sums.least_bytes, least_bytes);
      EXPECT_EQ(sums.least_ps, least_ps);
    }
  }
}

TEST(StagesTest, ConcatenationIsNotTornFromItsReaders) {
  ShapeNet n("torn");
  const int x = n.input(8, 8, 4);
  const int all = n.tensor(8, 8, 8);
  n.conv_between(x, 0, 4, all, 0, 4);
  n.conv_between(x, 0, 4, all, 4, 4);
  n.output(n.conv(all, 1, 1, 4));
  const Net net = n.finish();
  const std::vector<TensorUses> uses = find_uses(net);
  EXPECT_TRUE(can_be_stage(uses, {0, 3}));
  EXPECT_TRUE(can_be_stage(uses, {0, 1}));
  EXPECT_TRUE(can_be_stage(uses, {2, 3}));
  EXPECT_FALSE(can_be_stage(uses, {1, 3}));
}

}  // namespace
}  // namespace shoal
