// The progress of a search. Code that shows it sets a watcher for the planning
// thread; the plan does not depend on it.
#pragma once

#include <cstdint>
#include <memory>

namespace shoal {

class PlanWatcher {
 public:
  // Called with the number of plans tried since the request was made, by one
  // thread at a time.
  virtual void tried(int64_t plans) = 0;
  virtual void ended() = 0;

 protected:
  ~PlanWatcher() = default;
};

// A search of this thread for one request, as long as the object lives.
class PlanProgress {
 public:
  PlanProgress();
  ~PlanProgress();
  PlanProgress(const PlanProgress&) = delete;
  PlanProgress& operator=(const PlanProgress&) = delete;

  // Sets the watcher; nullptr for none. It must outlive the searches.
  static void watch(PlanWatcher*);
  // Counts another plan that has been tried.
  static void tried();

  struct Watched;
  using Count = std::shared_ptr<Watched>;
  // Returns this thread's count of plans, which others may share.
  static Count& own();
};

}  // namespace shoal
