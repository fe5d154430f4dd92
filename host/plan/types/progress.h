// The progress of a search. The code that shows it sets a watcher for the
// thread that plans; the plan does not depend on it.
#pragma once

#include <cstdint>

namespace shoal {

class PlanWatcher {
 public:
  // Plans that were tried since the request was made.
  virtual void tried(int64_t plans) = 0;
  virtual void ended() = 0;

 protected:
  ~PlanWatcher() = default;
};

// The search for one request: of this thread, for as long as the object lives.
class PlanProgress {
 public:
  PlanProgress();
  ~PlanProgress();
  PlanProgress(const PlanProgress&) = delete;
  PlanProgress& operator=(const PlanProgress&) = delete;

  // Sets the watcher, or with nullptr none. It must outlive what it watches.
  static void watch(PlanWatcher*);
  // Counts another plan that has been tried.
  static void tried();
};

}  // namespace shoal
