// Spoils the linked hand-made plans in every systematic way.
#include <gtest/gtest.h>

#include <iostream>

#include "host/check/testing/hand_cluster.h"
#include "host/check/testing/linked_judge.h"

namespace shoal {
namespace {

TEST(LinkedMutantsTest, OfHandMadePlansAreAllRefused) {
  Tally tally;
  for (const HandCase& c : linked_cases()) {
    ASSERT_TRUE(check(c.net, c.plan).empty()) << c.name;
    LinkedJudge judge(c.name, c.net, c.plan);
    for (const PlanMutation& m : plan_mutations(c.net, c.plan)) {
      judge.try_one(m, tally);
    }
  }
  std::cout << tally << "\n";
  EXPECT_EQ(tally.tried, tally.caught + tally.equivalent);
  EXPECT_GT(tally.caught, 20 * tally.equivalent);
}

}  // namespace
}  // namespace shoal
