// The end of the time that a search has (--plan-seconds): of this thread, for
// as long as the object lives. Without one a search takes as long as it takes,
// and its result depends on nothing but what is asked.
#pragma once

#include <chrono>
#include <optional>

namespace shoal {

class PlanDeadline {
 public:
  // Of what other programs leave of the machine the thread's own time knows
  // nothing: what is found until then is the same on a busy one.
  enum class Time { kWall, kThread };

  explicit PlanDeadline(std::optional<double> seconds, Time = Time::kWall);
  ~PlanDeadline();
  PlanDeadline(const PlanDeadline&) = delete;
  PlanDeadline& operator=(const PlanDeadline&) = delete;

  static bool passed();
  // When it has passed: no_plan().
  static void check();
  // Throws Error(kDoesNotFit): nothing was found in the time.
  [[noreturn]] static void no_plan();

 private:
  struct End {
    Time time = Time::kWall;
    std::chrono::nanoseconds at{};
  };
  static std::chrono::nanoseconds now(Time);
  static thread_local std::optional<End> end_;

  std::optional<End> before_;
};

}  // namespace shoal
