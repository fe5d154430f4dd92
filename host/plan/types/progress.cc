#include "host/plan/types/progress.h"

namespace shoal {
namespace {

struct Watched {
  PlanWatcher* watcher = nullptr;
  int searches = 0;  // under way, one within another
  int64_t plans = 0;
};

thread_local Watched watched;

}  // namespace

PlanProgress::PlanProgress() { ++watched.searches; }

PlanProgress::~PlanProgress() {
  if (--watched.searches > 0) return;
  watched.plans = 0;
  if (watched.watcher) watched.watcher->ended();
}

void PlanProgress::watch(PlanWatcher* watcher) { watched.watcher = watcher; }

void PlanProgress::tried() {
  ++watched.plans;
  if (watched.watcher) watched.watcher->tried(watched.plans);
}

}  // namespace shoal
