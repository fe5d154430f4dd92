#include "host/plan/search/gains.h"

#include <gtest/gtest.h>

#include <optional>
#include <string>

#include "host/plan/draft/draft.h"
#include "host/plan/testing/shape_net.h"
#include "host/plan/tokens/gain_bounds.h"
#include "host/plan/tokens/share.h"

namespace shoal {
namespace {

struct BoundedNet {
  explicit BoundedNet(const Net& n)
      : net(n),
        uses(find_uses(net)),
        tables(pass_tables(net, uses, find_board("stm32f746"))),
        bounds(net, uses, least().work, least().slots) {}
  const PassTable& least() const { return tables.back(); }

  template <class Use>
  void each_segment(Use use) const {
    const int n = static_cast<int>(net.layers.size());
    for (int begin = 0; begin < n; ++begin) {
      for (int end = begin + 1; end <= n; ++end) {
        if (can_be_stage(uses, {begin, end})) use(Segment{begin, end});
      }
    }
  }
  PlanStage stage(Segment s) const {
    return make_stage(net, uses, s, least().work, least().slots);
  }

  Net net;
  std::vector<TensorUses> uses;
  std::vector<PassTable> tables;
  GainBounds bounds;
};

void expect_bounded(const Net& net) {
  BoundedNet b(net);
  b.each_segment([&](Segment s) {
    const std::string where = net.name + " [" + std::to_string(s.begin) + ", " +
                              std::to_string(s.end) + ")";
    const PlanStage stage = b.stage(s);
    const std::vector<bool> may =
        sharing_buffers(stage, node_homes(b.uses, stage, s));
    EXPECT_GE(b.bounds.share(s), share_saves(b.net, stage, may, 0).bytes)
        << where;
    std::optional<Overlay> pair = overlay_pair(b.net, b.uses, s);
    if (!pair) return;
    const int64_t bound = b.bounds.overlay(s, *pair);
    EXPECT_GE(bound, overlay_saves(b.net, stage, *pair, 0).bytes) << where;
  });
}

TEST(GainBoundsTest, NothingSavesMore) {
  for (const NamedNet& n : shape_nets()) {
    if (!n.net.layers.empty()) expect_bounded(n.net);
  }
  for (uint32_t seed = 0; seed < 60; ++seed) expect_bounded(random_net(seed));
  expect_bounded(bottleneck_net(32, 4));
}

// A question whose answer must be below `least` needs no simulation.
TEST(SegmentGainsTest, WhatCannotSaveEnoughIsKnownWithoutASimulation) {
  const BoundedNet b(bottleneck_net(96, 6));
  SegmentGains exact(b.net, b.uses, b.least());
  SegmentGains asked(b.net, b.uses, b.least());
  int64_t segments = 0;
  b.each_segment([&](Segment s) {
    const int64_t more = exact.overlay(s) * 5 / 4 + 64;
    asked.overlay(s, more);
    segments += exact.best_overlay(s).has_value();
  });
  EXPECT_GT(exact.simulated(), segments / 2);
  EXPECT_LT(asked.simulated(), segments / 3) << segments;
  b.each_segment([&](Segment s) {
    EXPECT_EQ(asked.overlay(s), exact.overlay(s));
    EXPECT_EQ(asked.share(s), exact.share(s));
  });
}

}  // namespace
}  // namespace shoal
