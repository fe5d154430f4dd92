#include "host/plan/search/slacks.h"

#include <gtest/gtest.h>

namespace shoal {
namespace {

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

}  // namespace
}  // namespace shoal
