#include "host/plan/cost/rehearsal_memo.h"

#include <gtest/gtest.h>

#include <vector>

#include "host/plan/cost/plan_time.h"
#include "host/plan/planner/planner.h"
#include "host/plan/testing/shape_net.h"

namespace shoal {
namespace {

constexpr uint32_t kPayload = 1472;

class RehearsalMemoTest : public testing::Test {
 protected:
  Rehearsal remembered(const Plan& of, int following = 0, Nanos most = 0) {
    return memo.rehearse(net, supplies, kPayload, of, following, most);
  }

  const Net net = bottleneck_net(48, 4);
  const Cluster cluster = uniform_cluster(3, find_board("teensy41"), {});
  const Plan plan = make_plan(net, linked_nodes(cluster, "spatial"));
  const std::vector<Supply> supplies = supplies_of(cluster, plan);
  RehearsalMemo memo;
};

TEST_F(RehearsalMemoTest, AnswersAsARehearsalDoes) {
  for (const int following : {0, kPeriodFrames}) {
    const Rehearsal judge = rehearse(net, supplies, kPayload, plan, following);
    for (int round = 0; round < 2; ++round) {
      const Rehearsal r = remembered(plan, following);
      EXPECT_EQ(r.latency, judge.latency);
      EXPECT_EQ(r.period, judge.period);
      EXPECT_EQ(r.datagrams, judge.datagrams);
      ASSERT_EQ(r.stages.size(), judge.stages.size());
      for (size_t n = 0; n < r.stages.size(); ++n) {
        ASSERT_EQ(r.stages[n].size(), judge.stages[n].size());
        for (size_t s = 0; s < r.stages[n].size(); ++s) {
          EXPECT_EQ(r.stages[n][s].slices, judge.stages[n][s].slices);
        }
      }
    }
  }
  EXPECT_EQ(memo.added(), 2u);
}

// Figures that a plan states of itself do not matter.
TEST_F(RehearsalMemoTest, EachOtherPlanIsRehearsed) {
  (void)remembered(plan);
  Plan same = plan;
  same.latency_s = 1, same.nodes[0].seconds = 2;
  same.nodes[0].stages[0].compute_s = 3;
  (void)remembered(same);
  EXPECT_EQ(memo.added(), 1u);

  const auto changed = [&](auto change) {
    Plan other = plan;
    change(other, other.nodes[0].stages[0]);
    const size_t before = memo.added();
    (void)remembered(other);
    EXPECT_EQ(memo.added(), before + 1);
  };
  changed([](Plan&, PlanStage& s) { ++s.buffers[0].slots; });
  changed([](Plan&, PlanStage& s) { ++s.actors[0].slices; });
  changed([](Plan&, PlanStage& s) { ++s.actors[0].weights.groups; });
  changed([](Plan& p, PlanStage&) { --p.nodes[0].peers[0].window; });
  changed([](Plan& p, PlanStage&) { --p.nodes[1].gaps; });
}

// A rehearsal that ended early is no answer for one that may take longer.
TEST_F(RehearsalMemoTest, OnlyWholeRehearsalsAreRemembered) {
  const Nanos latency = rehearse(net, supplies, kPayload, plan).latency;
  EXPECT_GT(remembered(plan, 0, latency / 2).latency, latency / 2);
  EXPECT_EQ(memo.added(), 0u);
  EXPECT_EQ(remembered(plan, 0, latency).latency, latency);
  EXPECT_EQ(remembered(plan, 0, latency / 2).latency, latency);
  EXPECT_EQ(memo.added(), 1u);
}

}  // namespace
}  // namespace shoal
