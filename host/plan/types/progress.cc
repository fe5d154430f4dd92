#include "host/plan/types/progress.h"

#include <mutex>

namespace shoal {

struct PlanProgress::Watched {
  std::mutex mutex;
  PlanWatcher* watcher = nullptr;
  int searches = 0;  // under way, one within another
  int64_t plans = 0;
};

PlanProgress::Count& PlanProgress::own() {
  thread_local Count count = std::make_shared<Watched>();
  return count;
}

PlanProgress::PlanProgress() {
  Watched& of = *own();
  const std::scoped_lock lock(of.mutex);
  ++of.searches;
}

PlanProgress::~PlanProgress() {
  Watched& of = *own();
  const std::scoped_lock lock(of.mutex);
  if (--of.searches > 0) return;
  of.plans = 0;
  if (of.watcher) of.watcher->ended();
}

void PlanProgress::watch(PlanWatcher* watcher) { own()->watcher = watcher; }

void PlanProgress::tried() {
  Watched& of = *own();
  const std::scoped_lock lock(of.mutex);
  ++of.plans;
  if (of.watcher) of.watcher->tried(of.plans);
}

}  // namespace shoal
