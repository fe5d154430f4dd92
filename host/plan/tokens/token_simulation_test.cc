#include "host/plan/tokens/token_simulation.h"

#include <gtest/gtest.h>

#include "host/plan/planner/planner.h"
#include "host/plan/testing/shape_net.h"

namespace shoal {
namespace {

Plan smallest_plan(const Net& net) {
  PlanRequest request = one_node(find_board("host"));
  request.objective = Objective::kRam;
  return make_plan(net, request);
}

TEST(SimulateTest, CountsEveryFiringOfEveryFrame) {
  const Net net = bottleneck_net(32, 4);
  const Plan plan = smallest_plan(net);
  const Simulation run = simulate(net, plan, {FiringOrder::kDeepest, 1, 3});
  ASSERT_TRUE(run.completed);
  for (size_t s = 0; s < run.stages.size(); ++s) {
    const PlanStage& stage = plan.nodes[0].stages[s];
    int64_t sum = 0;
    for (size_t a = 0; a < stage.actors.size(); ++a) {
      EXPECT_GT(run.stages[s].firings[a], 0);
      EXPECT_EQ(run.stages[s].firings[a] % 3, 0);
      sum += run.stages[s].firings[a];
    }
    EXPECT_EQ(sum, 3 * stage.firings);
    for (size_t b = 0; b < stage.buffers.size(); ++b) {
      EXPECT_LE(run.stages[s].peak_rows[b], stage.buffers[b].slots);
    }
  }
}

// Takes one slot from each ring in turn: the stage stops and says where.
TEST(SimulateTest, SaysWhoIsBlocked) {
  ShapeNet n("blocked");
  n.output(
      n.conv(n.depthwise(n.conv(n.input(64, 8, 3), 3, 1, 8), 3, 1), 3, 2, 64));
  const Net net = n.finish();
  const Plan plan = smallest_plan(net);
  int taken = 0;
  for (size_t s = 0; s < plan.nodes[0].stages.size(); ++s) {
    for (size_t b = 0; b < plan.nodes[0].stages[s].buffers.size(); ++b) {
      Plan less = plan;
      PlanBuffer& buffer = less.nodes[0].stages[s].buffers[b];
      if (buffer.slots < 3 || buffer.slots == buffer.box.rows()) continue;
      --buffer.slots;
      const Simulation run = simulate(net, less);
      EXPECT_FALSE(run.completed);
      EXPECT_EQ(run.segment, static_cast<int>(s));
      EXPECT_FALSE(run.blocked.empty());
      ++taken;
    }
  }
  EXPECT_GE(taken, 2);
}

TEST(SimulateTest, EveryOrderAgrees) {
  for (uint32_t seed = 100; seed < 130; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    const Net net = random_net(seed);
    Plan plan = smallest_plan(net);
    for (int less = 0; less < 2; ++less) {
      const bool expected = simulate(net, plan).completed;
      EXPECT_TRUE(expected || less == 1);
      for (uint32_t s = 1; s < 5; ++s) {
        EXPECT_EQ(simulate(net, plan, {FiringOrder::kRandom, s, 1}).completed,
                  expected);
      }
      EXPECT_EQ(simulate(net, plan, {FiringOrder::kShallowest, 1, 1}).completed,
                expected);
      for (PlanBuffer& b : plan.nodes[0].stages[0].buffers) {
        if (b.slots > 1 && b.slots < b.box.rows()) --b.slots;
      }
    }
  }
}

}  // namespace
}  // namespace shoal
