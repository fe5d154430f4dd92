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

constexpr Slack kMost{8, 1000};

TEST(StageSlacksTest, TakesRowsFromStagesBeyondTheBudgetAlone) {
  StageSlacks slacks(kMost, plan_of({{80, 100}, {90, 90}}), {100, 100});
  EXPECT_TRUE(slacks.lower(plan_of({{90, 101}, {100, 100}})));
  const auto all = slacks.slacks();
  EXPECT_EQ(all[0][0].bytes, 1000);
  EXPECT_EQ(all[0][1].bytes, 0);
  EXPECT_EQ(all[0][1].rows, tuning::kSlack[0]);
  EXPECT_EQ(all[1][1].bytes, 1000);
  EXPECT_FALSE(slacks.lower(plan_of({{90, 100}, {100, 100}})));
}

TEST(StageSlacksTest, TakesRowsFromAllOfANodeWhereOneHasNoneLeft) {
  StageSlacks slacks(kMost, plan_of({{80, 100}}), {100});
  const size_t levels = std::size(tuning::kSlack) + 1;
  for (size_t i = 0; i < levels; ++i) {
    EXPECT_TRUE(slacks.lower(plan_of({{90, 101}})));
  }
  EXPECT_EQ(slacks.slacks()[0][0].bytes, 1000);
  EXPECT_EQ(slacks.slacks()[0][1].rows, 0);
  EXPECT_TRUE(slacks.lower(plan_of({{90, 101}})));
  EXPECT_EQ(slacks.slacks()[0][0].bytes, 0);
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
