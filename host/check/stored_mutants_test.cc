// Spoils the hand-made plans that use storage in every systematic way.
#include <gtest/gtest.h>

#include <iostream>

#include "host/check/check.h"
#include "host/check/testing/hand_plans.h"
#include "host/check/testing/mutants.h"

namespace shoal {
namespace {

std::string joined(const std::vector<std::string>& lines) {
  std::string all;
  for (const std::string& line : lines) all += line + "\n";
  return all;
}

TEST(StoredMutantsTest, PlansAreRight) {
  for (const HandCase& c : stored_cases()) {
    EXPECT_EQ(joined(check(c.net, c.plan)), "") << c.name;
    Plan same = c.plan;
    restate(c.net, same.nodes[0]);
    EXPECT_EQ(joined(check(c.net, same)), "") << c.name << ", restated";
  }
}

// Those that may leave a right plan are judged where programs run.
TEST(StoredMutantsTest, AreAllRefused) {
  int tried = 0;
  for (const HandCase& c : stored_cases()) {
    for (const Mutation& m : mutations(c.net, c.plan.nodes[0])) {
      if (m.may_be_right) continue;
      Plan mutant = c.plan;
      m.apply(mutant.nodes[0]);
      EXPECT_FALSE(check(c.net, mutant).empty()) << c.name << ", " << m.what;
      if (m.of_sums) continue;
      restate(c.net, mutant.nodes[0]);
      mutant.macs = mutant.nodes[0].macs;
      EXPECT_FALSE(check(c.net, mutant).empty())
          << c.name << ", " << m.what << ", restated";
      ++tried;
    }
  }
  std::cout << "mutants tried " << tried << "\n";
}

}  // namespace
}  // namespace shoal
