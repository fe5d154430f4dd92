#include "host/plan/types/at_once.h"

#include <gtest/gtest.h>

#include <atomic>
#include <string>
#include <vector>

#include "host/plan/types/deadline.h"
#include "host/plan/types/progress.h"

namespace shoal {
namespace {

struct Last final : PlanWatcher {
  void tried(int64_t plans) override { most = plans; }
  void ended() override {}
  int64_t most = 0;
};

TEST(SearchAtOnce, ThreadsKeepWhatBelongsToTheRequest) {
  for (const int jobs : {1, 4}) {
    SCOPED_TRACE(jobs);
    Last last;
    PlanProgress::watch(&last);
    const PlanProgress progress;
    const PlanDeadline over(0.0);
    std::vector<int> late(20);
    search_at_once(late.size(), jobs, [&](size_t i) {
      PlanProgress::tried();
      late[i] = PlanDeadline::passed();
    });
    EXPECT_EQ(late, std::vector<int>(20, 1));
    EXPECT_EQ(last.most % 20, 0);
    PlanProgress::watch(nullptr);
  }
}

TEST(SearchAtOnce, ThreadsAreCancelledWithTheRequest) {
  for (const int jobs : {1, 4}) {
    std::atomic<bool> flag = false;
    const PlanCancellation cancels(flag);
    EXPECT_THROW(search_at_once(20, jobs,
                                [&](size_t i) {
                                  if (i == 7) flag = true;
                                  PlanCancellation::check();
                                }),
                 PlanCancelled);
  }
}

TEST(SearchAtOnce, TheLowestErrorIsThrown) {
  for (const int jobs : {1, 4}) {
    std::string thrown;
    try {
      search_at_once(20, jobs, [](size_t i) {
        if (i >= 5) throw std::to_string(i);
      });
    } catch (const std::string& lowest) {
      thrown = lowest;
    }
    EXPECT_EQ(thrown, "5");
  }
}

}  // namespace
}  // namespace shoal
