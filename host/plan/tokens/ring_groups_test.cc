#include "host/plan/tokens/ring_groups.h"

#include <gtest/gtest.h>

#include "host/plan/testing/shape_net.h"
#include "host/plan/tokens/rings.h"
#include "host/plan/types/stage_maker.h"

namespace shoal {
namespace {

std::vector<std::vector<int>> groups_of(const Net& net) {
  std::vector<std::vector<int>> layers;
  for (const RingGroup& g :
       find_ring_groups(net, find_uses(net), whole_net(net))) {
    layers.push_back(g.layers);
  }
  return layers;
}

TEST(RingGroupsTest, AChainIsCutBehindEachLayer) {
  ShapeNet n("chain");
  n.output(n.conv(n.conv(n.conv(n.input(8, 4, 3), 3, 1, 4), 1, 1, 4), 3, 2, 4));
  const Net net = n.finish();
  EXPECT_EQ(groups_of(net),
            (std::vector<std::vector<int>>{{0}, {0, 1}, {1, 2}}));
  const std::vector<RingGroup> groups =
      find_ring_groups(net, find_uses(net), whole_net(net));
  EXPECT_FALSE(groups[0].has_writer);
  EXPECT_TRUE(groups[0].goes_on);
  EXPECT_TRUE(groups[2].has_writer);
  EXPECT_FALSE(groups[2].goes_on);
}

TEST(RingGroupsTest, ASkipHoldsWhatIsBesideIt) {
  ShapeNet n("skip");
  const int x = n.conv(n.input(8, 4, 3), 1, 1, 4);
  const int y = n.conv(n.depthwise(x, 3, 1), 1, 1, 4);
  n.output(n.conv(n.add(x, y), 1, 1, 4));
  EXPECT_EQ(groups_of(n.finish()),
            (std::vector<std::vector<int>>{{0}, {0, 1, 2, 3}, {3, 4}}));
}

TEST(RingGroupsTest, NothingIsCutBehindAnOutput) {
  ShapeNet n("outputs");
  const int x = n.conv(n.input(8, 4, 3), 1, 1, 4);
  n.output(x);
  n.output(n.conv(n.conv(x, 1, 1, 4), 1, 1, 4));
  EXPECT_EQ(groups_of(n.finish()), (std::vector<std::vector<int>>{{0, 1, 2}}));
}

TEST(RingGroupsTest, WhatSharesNoRowsIsApart) {
  ShapeNet n("frames");
  const int a = n.input(8, 4, 3), b = n.input(8, 4, 3);
  const int c = n.conv(a, 1, 1, 4), d = n.conv(b, 1, 1, 4);
  n.output(n.conv(c, 3, 1, 4));
  n.output(n.conv(d, 3, 1, 4));
  EXPECT_EQ(groups_of(n.finish()),
            (std::vector<std::vector<int>>{{0}, {0, 2}, {1}, {1, 3}}));
}

// The rows that the whole net as one stage holds at its peak.
std::vector<int> whole_peaks(const Net& net, const Work& work) {
  const std::vector<TensorUses> uses = find_uses(net);
  std::vector<int> rows;
  for (const NetTensor& t : net.tensors) rows.push_back(t.rows);
  const PlanStage stage = make_stage(net, uses, whole_net(net), work, rows);
  const std::vector<int> peaks = peak_slots(net, stage, {});
  std::vector<int> slots(rows.size(), 0);
  for (size_t b = 0; b < peaks.size(); ++b) {
    slots[stage.buffers[b].tensor] = peaks[b];
  }
  return slots;
}

TEST(RingGroupsTest, RingsAreNoLargerThanThoseOfTheWholeNet) {
  int same = 0, all = 0;
  for (uint32_t seed = 1; seed <= 150; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    const Net net = random_net(seed);
    for (const int passes : {1, 3, 1 << 14}) {
      const Work work = uniform_work(net, passes);
      const std::vector<int> whole = whole_peaks(net, work);
      const std::vector<int> parts = ring_slots(net, find_uses(net), work);
      for (size_t t = 0; t < whole.size(); ++t) {
        EXPECT_LE(parts[t], whole[t]) << "tensor " << t;
        ++all, same += parts[t] == whole[t];
      }
    }
  }
  EXPECT_GT(same, all * 99 / 100);
}

// A search changes one layer at a time; only the groups that share rows with it
// are simulated again.
TEST(RingGroupsTest, AChangedLayerCostsItsGroupsAlone) {
  ShapeNet n("long");
  int x = n.input(64, 4, 3);
  for (int i = 0; i < 40; ++i) x = n.conv(x, 3, 1, 4);
  n.output(x);
  const Net net = n.finish();
  const std::vector<TensorUses> uses = find_uses(net);
  Work work = uniform_work(net, 1 << 14);
  SegmentSlots slots(net, uses);
  slots.find(whole_net(net), work);
  EXPECT_EQ(slots.simulated(), 40u);
  slots.find({10, 30}, work);
  EXPECT_EQ(slots.simulated(), 42u);  // where the segment begins and ends
  work[20].band = 2;
  EXPECT_EQ(slots.find(whole_net(net), work, 20),
            (SegmentSlots::TensorSlots{{20, 4}, {21, 4}}));
  EXPECT_EQ(slots.simulated(), 44u);
  slots.find(whole_net(net), work);
  EXPECT_EQ(slots.simulated(), 44u);
}

}  // namespace
}  // namespace shoal
