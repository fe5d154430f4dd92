#include "host/plan/search/stage_slacks.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <iterator>
#include <vector>

#include "host/plan/types/tuning.h"

namespace shoal {
namespace {

// Returns a plan with a node for each list of the bytes of its stages.
Plan plan_of(const std::vector<std::vector<uint32_t>>& stages, int gaps = 0) {
  Plan plan;
  for (const std::vector<uint32_t>& bytes : stages) {
    PlanNode& node = plan.nodes.emplace_back();
    node.gaps = gaps;
    for (const uint32_t b : bytes) {
      node.stages.emplace_back().arena_bytes = b;
      node.arena_bytes = std::max(node.arena_bytes, b);
    }
  }
  return plan;
}

TEST(SlackTest, IsRowsOrAsManyAsTakeTheBytes) {
  const Slack slack{8, 1000};
  EXPECT_EQ(slack.rows_of(10), 100);
  EXPECT_EQ(slack.rows_of(11), 91);
  EXPECT_EQ(slack.rows_of(1000), 8);
  EXPECT_EQ(Slack{3}.rows_of(1), 3);
  EXPECT_EQ((Slack{0, INT64_MAX / 2}.rows_of(1)), 1 << 24);
}

TEST(SlackTest, WindowsComeFirst) {
  const std::vector<Slack> all = slacks(5000);
  ASSERT_EQ(all.size(), 1 + std::size(tuning::kSlack));
  EXPECT_EQ(all.front().bytes, 5000);
  for (size_t i = 1; i < all.size(); ++i) EXPECT_EQ(all[i].bytes, 0);
  EXPECT_EQ(slacks(0).size(), std::size(tuning::kSlack));
  EXPECT_EQ(slacks(5000, true).size(), 2u);
  EXPECT_EQ(slacks(0, true).size(), 1u);
}

constexpr Slack kMost{8, 1000};

TEST(StageSlacksTest, TakesRowsFromStagesBeyondTheBudgetAlone) {
  StageSlacks slacks(kMost, plan_of({{80, 100}, {90, 90}}), {100, 100});
  EXPECT_TRUE(slacks.lower(plan_of({{90, 101}, {100, 100}})));
  EXPECT_EQ(slacks.of(0, 0).bytes, 1000);
  EXPECT_EQ(slacks.of(0, 1).bytes, 0);
  EXPECT_EQ(slacks.of(0, 1).rows, tuning::kSlack[0]);
  EXPECT_EQ(slacks.of(1, 1).bytes, 1000);
  EXPECT_FALSE(slacks.lower(plan_of({{90, 100}, {100, 100}})));
}

TEST(StageSlacksTest, TakesRowsFromAllOfANodeWhereOneHasNoneLeft) {
  StageSlacks slacks(kMost, plan_of({{80, 100}}), {100});
  const size_t levels = std::size(tuning::kSlack) + 1;
  for (size_t i = 0; i < levels; ++i) {
    EXPECT_TRUE(slacks.lower(plan_of({{90, 101}})));
  }
  EXPECT_EQ(slacks.of(0, 0).bytes, 1000);
  EXPECT_EQ(slacks.of(0, 1).rows, 0);
  EXPECT_TRUE(slacks.lower(plan_of({{90, 101}})));
  EXPECT_EQ(slacks.of(0, 0).bytes, 0);
  for (size_t i = 1; i < levels; ++i) slacks.lower(plan_of({{90, 101}}));
  EXPECT_FALSE(slacks.lower(plan_of({{90, 101}})));
}

TEST(StageSlacksTest, KeepsRangesBehindGaps) {
  const StageSlacks slacks(kMost, plan_of({{80}}, 3), {100});
  EXPECT_TRUE(slacks.fits(plan_of({{100}}, 3)));
  EXPECT_FALSE(slacks.fits(plan_of({{100}}, 2)));
  EXPECT_FALSE(slacks.fits(plan_of({{101}}, 3)));
}

}  // namespace
}  // namespace shoal
