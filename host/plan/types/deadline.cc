#include "host/plan/types/deadline.h"

#include "host/base/error.h"

namespace shoal {
namespace {

thread_local std::optional<std::chrono::steady_clock::time_point> plan_end;

}  // namespace

PlanDeadline::PlanDeadline(std::optional<double> seconds) : before_(plan_end) {
  if (!seconds) return;
  plan_end = Clock::now() + std::chrono::duration_cast<Clock::duration>(
                                std::chrono::duration<double>(*seconds));
}

PlanDeadline::~PlanDeadline() { plan_end = before_; }

bool PlanDeadline::passed() { return plan_end && Clock::now() >= *plan_end; }

void PlanDeadline::check() {
  if (passed()) no_plan();
}

void PlanDeadline::no_plan() {
  throw Error(Exit::kDoesNotFit,
              "no plan was found in the time that --plan-seconds gives",
              "more seconds, or none: then the search ends by itself");
}

}  // namespace shoal
