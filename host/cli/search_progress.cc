#include "host/cli/search_progress.h"

#include <fmt/format.h>

#include "host/base/size.h"
#include "host/cli/output.h"
#include "host/cli/progress.h"

namespace shoal {
SearchProgress::SearchProgress() { PlanProgress::watch(this); }

SearchProgress::~SearchProgress() { PlanProgress::watch(nullptr); }

void SearchProgress::tried(int64_t plans) {
  const auto now = Clock::now();
  if (!under_way_) {
    under_way_ = true;
    start_ = said_ = now;
  }
  const auto pause = said_ == start_ ? kProgressFirst : kProgressNext;
  if (now - said_ < pause || !shows_progress()) return;
  said_ = now;
  on_line_ = true;
  const double seconds = std::chrono::duration<double>(now - start_).count();
  tell_over(fmt::format("planning: {} plans tried in {:.0f} s",
                        format_count(plans), seconds));
}

void SearchProgress::ended() {
  if (on_line_) tell_over("");
  on_line_ = under_way_ = false;
}

}  // namespace shoal
