#include "host/plan/tokens/share.h"

#include <gtest/gtest.h>

#include "host/check/check.h"
#include "host/plan/planner/planner.h"
#include "host/plan/testing/shape_net.h"
#include "host/plan/tokens/rings.h"
#include "host/plan/tokens/token_simulation.h"
#include "host/plan/types/stage_maker.h"

namespace shoal {
namespace {

// Two depthwise-pointwise pairs: what one pair makes is used up before the
// next one begins.
struct Pairs {
  Net net;
  int first, second, ring;
  PlanStage stage;
};
Pairs pairs() {
  ShapeNet n("pairs");
  const int x = n.conv(n.input(24, 10, 3), 3, 1, 8);
  const int first = n.depthwise(x, 3, 1);
  const int ring = n.conv(first, 1, 1, 16);
  const int second = n.depthwise(ring, 3, 1);
  n.output(n.conv(second, 1, 1, 4));
  Pairs p{n.finish(), first, second, ring, {}};
  const std::vector<TensorUses> uses = find_uses(p.net);
  const Work work = uniform_work(p.net, 1 << 14);
  p.stage = make_stage(p.net, uses, whole_net(p.net), work,
                       ring_slots(p.net, uses, work));
  return p;
}

TEST(ShareTest, RowsThatNeverMeetAreApart) {
  Pairs p = pairs();
  std::vector<bool> may(p.stage.buffers.size(), true);
  const Sharing sharing = share_stage(p.net, p.stage, may);
  EXPECT_TRUE(sharing.apart[p.first][p.second]);
  EXPECT_TRUE(sharing.apart[p.second][p.first]);
  EXPECT_FALSE(sharing.apart[p.first][p.ring]);
  EXPECT_FALSE(sharing.apart[p.first][p.first]);
  EXPECT_GE(sharing.most_saved, 80);
}

TEST(ShareTest, WhoMayNotShareIsNotApart) {
  Pairs p = pairs();
  std::vector<bool> may(p.stage.buffers.size(), true);
  may[p.second] = false;
  const Sharing sharing = share_stage(p.net, p.stage, may);
  EXPECT_FALSE(sharing.apart[p.first][p.second]);
}

TEST(ShareTest, TheOrderHasEveryFiringOnce) {
  Pairs p = pairs();
  share_stage(p.net, p.stage, std::vector<bool>(p.stage.buffers.size()));
  std::vector<int> fired(p.stage.actors.size(), 0);
  for (const PlanRun& run : p.stage.order) fired[run.actor] += run.firings;
  for (int count : fired) EXPECT_EQ(count, 24);
}

TEST(ShareTest, SmallestPlansShareAndAreRight) {
  int shared = 0;
  for (uint32_t seed = 300; seed < 340; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    const Net net = random_net(seed);
    PlanRequest request = one_node(find_board("stm32f746"));
    request.objective = Objective::kRam;
    const Plan plan = make_plan(net, request);
    EXPECT_EQ(check(net, plan), std::vector<std::string>{});
    for (const PlanStage& s : plan.nodes[0].stages) {
      if (!s.order.empty()) ++shared;
    }
  }
  EXPECT_GT(shared, 0);
}

// Two buffers lie on the same bytes without the order that makes it right.
TEST(ShareTest, WithoutTheOrderTheCheckerRefuses) {
  const Net net = pairs().net;
  PlanRequest request = one_node(find_board("stm32f746"));
  request.objective = Objective::kRam;
  Plan plan = make_plan(net, request);
  bool ordered = false;
  for (PlanStage& s : plan.nodes[0].stages) {
    ordered |= !s.order.empty();
    s.order.clear();
  }
  ASSERT_TRUE(ordered);
  EXPECT_FALSE(check(net, plan).empty());
}

}  // namespace
}  // namespace shoal
