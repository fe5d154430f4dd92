// Progress while a plan is looked for, on one line of a terminal; a log gets
// none.
#pragma once

#include <chrono>

#include "host/plan/types/progress.h"

namespace shoal {

// Watches this thread's searches for as long as it lives.
class SearchProgress final : public PlanWatcher {
 public:
  SearchProgress();
  ~SearchProgress();
  SearchProgress(const SearchProgress&) = delete;
  SearchProgress& operator=(const SearchProgress&) = delete;

  void tried(int64_t plans) override;
  void ended() override;

 private:
  using Clock = std::chrono::steady_clock;
  bool on_line_ = false;  // of a terminal, what is to be wiped away
  bool under_way_ = false;
  Clock::time_point start_, said_;
};

}  // namespace shoal
