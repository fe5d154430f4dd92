#include "host/plan/types/at_once.h"

#include <cstdint>

#include "host/base/parallel.h"
#include "host/plan/types/deadline.h"
#include "host/plan/types/progress.h"

namespace shoal {
namespace {

// The state that a request has in its thread.
struct OfThread {
  PlanDeadline::Until deadline;
  PlanCancellation::Flag cancelled;
  PlanProgress::Count count;

  static OfThread own() {
    return {PlanDeadline::own(), PlanCancellation::own(), PlanProgress::own()};
  }
  void begin() const {
    PlanDeadline::own() = deadline;
    PlanCancellation::own() = cancelled;
    PlanProgress::own() = count;
  }
};

}  // namespace

void search_at_once(size_t count, int jobs,
                    const std::function<void(size_t)>& search) {
  const OfThread caller = OfThread::own();
  for_each_item(static_cast<int64_t>(count), jobs, [&](int, int64_t i) {
    caller.begin();
    search(static_cast<size_t>(i));
  });
}

}  // namespace shoal
