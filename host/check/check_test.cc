// Right plans pass; what the checker says about wrong ones names the thing.
#include "host/check/check.h"

#include <gtest/gtest.h>

#include "host/check/hand_plans.h"

namespace shoal {
namespace {

std::string joined(const std::vector<std::string>& lines) {
  std::string all;
  for (const std::string& line : lines) all += line + "\n";
  return all;
}

HandCase find_case(const std::string& name) {
  for (const HandCase& c : hand_cases()) {
    if (c.name == name) return c;
  }
  ADD_FAILURE() << "no case " << name;
  return {};
}

TEST(CheckTest, HandMadePlansAreRight) {
  for (const HandCase& c : hand_cases()) {
    EXPECT_EQ(joined(check(c.net, c.plan)), "") << c.name;
  }
}

TEST(CheckTest, ARingTooSmallDoesNotComplete) {
  HandCase c = find_case("chain");
  --c.plan.nodes[0].stages[0].buffers[1].slots;
  EXPECT_NE(joined(check(c.net, c.plan)).find("does not complete"),
            std::string::npos);
}

TEST(CheckTest, AnOverlayTooCloseDoesNotComplete) {
  const HandCase c = overlay_case(32);
  EXPECT_NE(joined(check(c.net, c.plan)).find("does not complete"),
            std::string::npos);
}

TEST(CheckTest, AnOrderThatFiresTooEarlyDoesNotComplete) {
  HandCase c = find_case("recorded order");
  std::swap(c.plan.nodes[0].stages[0].order[0],
            c.plan.nodes[0].stages[0].order[1]);
  EXPECT_NE(joined(check(c.net, c.plan)).find("does not complete"),
            std::string::npos);
}

}  // namespace
}  // namespace shoal
