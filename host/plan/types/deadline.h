// The deadline of searches (--plan-seconds), for this thread, as long as the
// object lives. Without one a search takes its time, and its result depends
// only on the request.
#pragma once

#include <atomic>
#include <chrono>
#include <optional>
#include <utility>

#include "host/plan/types/misfit.h"

namespace shoal {

// Thrown by a search that was cancelled. It is no Error, because searches catch
// the errors of plans that do not fit and go on.
struct PlanCancelled {};

// Cancels the searches of this thread, as long as the object lives, from the
// moment when the flag is true, for a caller that no longer needs the plan.
class PlanCancellation {
 public:
  using Flag = const std::atomic<bool>*;

  explicit PlanCancellation(const std::atomic<bool>& flag)
      : before_(std::exchange(flag_, &flag)) {}
  ~PlanCancellation() { flag_ = before_; }
  PlanCancellation(const PlanCancellation&) = delete;
  PlanCancellation& operator=(const PlanCancellation&) = delete;

  // Throws PlanCancelled if the flag is true.
  static void check() {
    if (flag_ && flag_->load(std::memory_order_relaxed)) throw PlanCancelled();
  }
  // The flag of this thread; null for none.
  static Flag& own() { return flag_; }

 private:
  static thread_local Flag flag_;

  Flag before_;
};

class PlanDeadline {
 public:
  using Until = std::optional<std::chrono::steady_clock::time_point>;

  // None: the deadline stays as it is.
  explicit PlanDeadline(std::optional<double> seconds);
  // Lets searches take their time, whatever deadline there is.
  struct Never {};
  explicit PlanDeadline(Never) : before_(std::exchange(end_, std::nullopt)) {}
  ~PlanDeadline();
  PlanDeadline(const PlanDeadline&) = delete;
  PlanDeadline& operator=(const PlanDeadline&) = delete;

  // Throws PlanCancelled if the search was cancelled.
  static bool passed();
  // Returns the misfit of a search that found nothing in its time.
  static Misfit no_plan();
  // The deadline of this thread; null for none.
  static Until& own() { return end_; }

 private:
  static thread_local Until end_;

  Until before_;
};

}  // namespace shoal
