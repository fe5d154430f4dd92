// Spoils the hand-made plans that use storage in every systematic way.
#include <gtest/gtest.h>

#include <iostream>

#include "host/check/check.h"
#include "host/check/testing/hand_plans.h"
#include "host/check/testing/mutant_judge.h"
#include "host/check/testing/right_plan.h"

namespace shoal {
namespace {

TEST(StoredMutantsTest, PlansAreRight) {
  for (const HandCase& c : stored_cases()) {
    EXPECT_EQ(joined(check(c.net, c.plan)), "") << c.name;
    Plan same = c.plan;
    restate(c.net, same.nodes[0]);
    EXPECT_EQ(joined(check(c.net, same)), "") << c.name << ", restated";
  }
}

TEST(StoredMutantsTest, AreAllRefused) {
  Tally tally;
  for (const HandCase& c : stored_cases()) {
    MutantJudge judge(c.name, c.net, c.plan);
    for (const Mutation& m : mutations(c.net, c.plan.nodes[0])) {
      judge.try_one(m, tally);
    }
  }
  std::cout << tally << "\n";
  EXPECT_EQ(tally.tried, tally.caught + tally.equivalent);
}

}  // namespace
}  // namespace shoal
