// Spoils the hand-made plans in every systematic way.
#include <gtest/gtest.h>

#include <iostream>

#include "host/check/testing/hand_plans.h"
#include "host/check/testing/mutant_judge.h"

namespace shoal {
namespace {

TEST(MutantsTest, OfHandMadePlansAreAllRefused) {
  Tally tally;
  for (const HandCase& c : hand_cases()) {
    ASSERT_TRUE(check(c.net, c.plan).empty()) << c.name;
    MutantJudge judge(c.name, c.net, c.plan);
    for (const Mutation& m : mutations(c.net, c.plan.nodes[0])) {
      judge.try_one(m, tally);
    }
  }
  std::cout << tally << "\n";
  EXPECT_EQ(tally.tried, tally.caught + tally.equivalent);
  EXPECT_GT(tally.caught, 20 * tally.equivalent);
}

}  // namespace
}  // namespace shoal
