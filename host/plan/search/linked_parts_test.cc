#include "host/plan/search/linked_parts.h"

#include <gtest/gtest.h>

#include "host/board/board.h"
#include "host/plan/cuts/cuts.h"
#include "host/plan/testing/shape_net.h"

namespace shoal {
namespace {

// Alternates depthwise and pointwise layers, as MobileNetV1 does: a loop may
// begin with either.
Net separable_net() {
  ShapeNet n("separable");
  int t = n.input(16, 16, 32);
  for (int i = 0; i < 4; ++i) {
    t = n.depthwise(t, 3, 1);
    t = n.conv(t, 1, 1, 32);
  }
  n.output(t);
  return n.finish();
}

// Overlapping loops would leave layers out of a plan.
TEST(GroupBlocks, NoneLieOverThoseThatAreThere) {
  const Net net = separable_net();
  const Cluster cluster = uniform_cluster(2, find_board("teensy41"), {});
  const auto layers = static_cast<int>(net.layers.size());
  int beside = 0;
  for (int begin = 0; begin < layers; ++begin) {
    Cuts cuts = make_cuts(net, cluster, {.strategy = "spatial"});
    const int end = loop_end(CutNet(net, cluster, cuts), begin, layers);
    if (end < 0) continue;
    cuts.blocks = {{begin, end, {}, 4}};
    const CutNet given(net, cluster, cuts);
    for (const int channels : {8, 16}) {
      Cuts more = cuts;
      for (const BlockChoice& b : group_blocks(given, channels)) {
        EXPECT_TRUE(b.end <= begin || b.begin >= end)
            << b.begin << " to " << b.end << " over " << begin << " to " << end;
        more.blocks.push_back(b);
        ++beside;
      }
      const CutNet all(net, cluster, more);
      for (const BlockChoice& loop : all.loops) {
        for (int l = loop.begin; l < loop.end; ++l) {
          EXPECT_EQ(&all.loops[size_t(all.loop_of[l])], &loop) << l;
        }
      }
    }
  }
  EXPECT_GT(beside, 20);
}

}  // namespace
}  // namespace shoal
