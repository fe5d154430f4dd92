#include "host/plan/types/progress.h"

#include <gtest/gtest.h>

#include <vector>

namespace shoal {
namespace {

struct Noted final : PlanWatcher {
  void tried(int64_t plans) override { all.push_back(plans); }
  void ended() override { all.push_back(0); }
  std::vector<int64_t> all;
};

TEST(PlanProgress, CountsThePlansOfARequestThroughAllItsSearches) {
  Noted noted;
  PlanProgress::watch(&noted);
  for (int request = 0; request < 2; ++request) {
    const PlanProgress outer;
    PlanProgress::tried();
    {
      const PlanProgress inner;
      PlanProgress::tried();
    }
    PlanProgress::tried();
  }
  PlanProgress::watch(nullptr);
  PlanProgress::tried();
  EXPECT_EQ(noted.all, (std::vector<int64_t>{1, 2, 3, 0, 1, 2, 3, 0}));
}

}  // namespace
}  // namespace shoal
