// The end of the time that a search has (--plan-seconds): of this thread, for
// as long as the object lives. Without one a search takes as long as it takes,
// and its result depends on nothing but what is asked.
#pragma once

#include <chrono>
#include <optional>

namespace shoal {

class PlanDeadline {
 public:
  explicit PlanDeadline(std::optional<double> seconds);
  ~PlanDeadline();
  PlanDeadline(const PlanDeadline&) = delete;
  PlanDeadline& operator=(const PlanDeadline&) = delete;

  static bool passed();
  // When it has passed: no_plan().
  static void check();
  // Throws Error(kDoesNotFit): nothing was found in the time.
  [[noreturn]] static void no_plan();

 private:
  using Clock = std::chrono::steady_clock;

  static thread_local std::optional<Clock::time_point> end_;

  std::optional<Clock::time_point> before_;
};

}  // namespace shoal
