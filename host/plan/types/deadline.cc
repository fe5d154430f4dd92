#include "host/plan/types/deadline.h"

#include <ctime>

#include "host/base/error.h"

namespace shoal {

using std::chrono::nanoseconds;

thread_local std::optional<PlanDeadline::End> PlanDeadline::end_;

nanoseconds PlanDeadline::now(Time time) {
  timespec t{};
  clock_gettime(time == Time::kWall ? CLOCK_MONOTONIC : CLOCK_THREAD_CPUTIME_ID,
                &t);
  return std::chrono::seconds(t.tv_sec) + nanoseconds(t.tv_nsec);
}

PlanDeadline::PlanDeadline(std::optional<double> seconds, Time time)
    : before_(end_) {
  if (!seconds) return;
  const std::chrono::duration<double> given(*seconds);
  end_ = {time, now(time) + std::chrono::duration_cast<nanoseconds>(given)};
}

PlanDeadline::~PlanDeadline() { end_ = before_; }

bool PlanDeadline::passed() { return end_ && now(end_->time) >= end_->at; }

void PlanDeadline::check() {
  if (passed()) no_plan();
}

void PlanDeadline::no_plan() {
  throw Error(Exit::kDoesNotFit,
              "no plan was found in the time that --plan-seconds gives",
              "more seconds, or none: then the search ends by itself");
}

}  // namespace shoal
