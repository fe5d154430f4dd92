#include "host/plan/tokens/rings.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "host/plan/testing/shape_net.h"
#include "host/plan/tokens/token_simulation.h"
#include "host/plan/types/stage_maker.h"

namespace shoal {
namespace {

std::vector<int> slots_of(const Net& net, const Work& work) {
  return ring_slots(net, find_uses(net), work, true);
}
Work one_row(const Net& net) { return uniform_work(net, 1 << 14); }

bool completes(const Net& net, const Work& work,
               const std::vector<int>& slots) {
  const PlanStage stage =
      make_stage(net, find_uses(net), whole_net(net), work, slots);
  StageTokens tokens(net, stage);
  return run_by_rank(tokens, depth_ranks(tokens));
}

TEST(RingsTest, AWindowTakesItsHeight) {
  ShapeNet n("windows");
  const int a = n.input(32, 4, 3);
  const int b = n.conv(a, 3, 1, 4);
  const int c = n.depthwise(b, 7, 2);
  const int d = n.conv(c, 1, 1, 4);
  const int e = n.conv(d, 1, 2, 4);
  n.output(e);
  const Net net = n.finish();
  const std::vector<int> slots = slots_of(net, one_row(net));
  EXPECT_EQ(slots, (std::vector<int>{3, 7, 1, 1, 1}));
}

TEST(RingsTest, ABandTakesTheRowsOfAllItsWindows) {
  ShapeNet n("bands");
  const int a = n.input(32, 4, 3);
  const int b = n.conv(a, 3, 1, 4);
  n.output(n.conv(b, 3, 2, 4));
  const Net net = n.finish();
  Work work = one_row(net);
  work[0].band = 4;
  EXPECT_EQ(slots_of(net, work)[a], 6);
  // Rows come four at a time and two of the last four are still wanted.
  EXPECT_EQ(slots_of(net, work)[b], 6);
  work[0].band = 1;
  work[1].band = 2;
  EXPECT_EQ(slots_of(net, work)[b], 5);
}

TEST(RingsTest, ASkipWaitsForThePathBesideIt) {
  ShapeNet n("skip");
  const int x = n.conv(n.input(32, 4, 3), 1, 1, 4);
  const int y = n.depthwise(n.depthwise(x, 3, 1), 3, 1);
  n.output(n.add(x, y));
  const Net net = n.finish();
  const std::vector<int> slots = slots_of(net, one_row(net));
  // Row k of y needs row k + 2 of x while the addition still wants row k.
  EXPECT_EQ(slots[x], 3);
  EXPECT_EQ(slots[y], 1);
}

TEST(RingsTest, SqueezeAndExciteHoldsItsInputWhole) {
  ShapeNet n("excite");
  const int x = n.conv(n.input(20, 4, 3), 1, 1, 4);
  n.output(n.mul(x, n.mean(x)));
  const Net net = n.finish();
  EXPECT_EQ(slots_of(net, one_row(net))[x], 20);
}

TEST(RingsTest, ConsumedRowByRowByWhatReadsAllOfThem) {
  ShapeNet n("dense");
  const int x = n.conv(n.input(20, 4, 3), 1, 1, 4);
  n.output(n.fully_connected(x, 10));
  const Net net = n.finish();
  const Work work = one_row(net);
  EXPECT_EQ(slots_of(net, work)[x], 1);
  EXPECT_EQ(sums_bytes(net.layers[1], work[1]), 40u);
}

// The net completes with these slots. With one slot less in any ring that is
// higher than its writer needs, it does not.
void expect_tight(const Net& net, const Work& work) {
  const std::vector<TensorUses> uses = find_uses(net);
  std::vector<int> slots = slots_of(net, work);
  ASSERT_TRUE(completes(net, work, slots)) << net.name;
  for (size_t t = 0; t < slots.size(); ++t) {
    if (slots[t] <= 1) continue;
    --slots[t];
    EXPECT_FALSE(completes(net, work, slots))
        << net.name << ": tensor " << t << " does with " << slots[t];
    ++slots[t];
  }
}

TEST(RingsTest, NoSlotIsTooMany) {
  for (const NamedNet& n : shape_nets()) {
    expect_tight(n.net, one_row(n.net));
    expect_tight(n.net, uniform_work(n.net, 5));
  }
}

TEST(RingsTest, NoSlotIsTooManyInRandomNets) {
  for (uint32_t seed = 1; seed <= 150; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    const Net net = random_net(seed);
    expect_tight(net, one_row(net));
    expect_tight(net, uniform_work(net, 3));
  }
}

// An equal stage is not run again, whatever the plan.
TEST(RingsTest, AMemoGivesWhatARunFinds) {
  const Net net = bottleneck_net(24, 3);
  const std::vector<TensorUses> uses = find_uses(net);
  std::vector<int> whole;
  for (const NetTensor& t : net.tensors) whole.push_back(t.rows);
  RingMemo memo;
  size_t runs = 0;
  for (const int again : {0, 1}) {
    for (const int passes : {1, 3, 1 << 14}) {
      PlanStage stage = make_stage(net, uses, whole_net(net),
                                   uniform_work(net, passes), whole);
      std::vector<int> group(stage.buffers.size());
      for (size_t b = 1; b < group.size(); ++b) group[b] = static_cast<int>(b);
      group[0] = -1;
      for (const bool tightens : {false, true}) {
        const std::vector<int> slots =
            memo.slots(net, stage, {}, group, tightens);
        runs += again == 0;
        EXPECT_EQ(memo.simulated(), runs);
        const std::vector<int> peaks = peak_slots(net, stage, {});
        PlanStage tight = stage;
        for (size_t b = 1; b < group.size(); ++b) {
          tight.buffers[b].slots = peaks[b];
        }
        if (tightens) tighten(net, tight, {}, group);
        for (size_t b = 0; b < group.size(); ++b) {
          EXPECT_EQ(slots[b], b > 0 ? tight.buffers[b].slots : peaks[b]);
        }
      }
    }
  }
}

// Moving several rows together leaves the same state as moving them one by one,
// where the deepest process that can fire does, one firing at a time.
TEST(RingsTest, RowsMoveTogetherAsTheyWouldOneByOne) {
  for (uint32_t seed = 1; seed <= 40; ++seed) {
    SCOPED_TRACE(seed);
    const Net net = random_net(seed);
    const std::vector<TensorUses> uses = find_uses(net);
    const Work work = uniform_work(net, 1 + static_cast<int>(seed % 7));
    std::vector<int> slots = ring_slots(net, uses, work);
    for (size_t t = 0; t < slots.size(); ++t) {
      slots[t] = std::min(slots[t] + static_cast<int>((seed + t) % 3),
                          net.tensors[t].rows);
    }
    const PlanStage stage = make_stage(net, uses, whole_net(net), work, slots);
    StageTokens together(net, stage), single(net, stage);
    ASSERT_TRUE(run_by_rank(together, depth_ranks(together)));
    const std::vector<int> rank = depth_ranks(single);
    for (int next = 0; next >= 0;) {
      next = -1;
      for (int p = 0; p < single.processes(); ++p) {
        if (single.can_fire(p) && (next < 0 || rank[p] > rank[next])) next = p;
      }
      if (next >= 0) single.fire(next);
    }
    EXPECT_TRUE(single.all_done());
    EXPECT_EQ(together.peak_rows(), single.peak_rows());
  }
}

}  // namespace
}  // namespace shoal
