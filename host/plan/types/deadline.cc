#include "host/plan/types/deadline.h"

namespace shoal {

thread_local PlanDeadline::Until PlanDeadline::end_;

thread_local PlanCancellation::Flag PlanCancellation::flag_ = nullptr;

PlanDeadline::PlanDeadline(std::optional<double> seconds) : before_(end_) {
  if (!seconds) return;
  using Clock = std::chrono::steady_clock;
  const std::chrono::duration<double> given(*seconds);
  end_ = Clock::now() + std::chrono::duration_cast<Clock::duration>(given);
}

PlanDeadline::~PlanDeadline() { end_ = before_; }

bool PlanDeadline::passed() {
  PlanCancellation::check();
  return end_ && std::chrono::steady_clock::now() >= *end_;
}

Misfit PlanDeadline::no_plan() {
  return {Exit::kDoesNotFit,
          "no plan was found in the time that --plan-seconds gives",
          "give more seconds, or leave out --plan-seconds: the search then "
          "ends by itself"};
}

}  // namespace shoal
