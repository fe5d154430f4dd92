// The parts of CrewPlan for plans whose rows lack room.
#include <utility>
#include <vector>

#include "host/plan/planner/crew_plan.h"
#include "host/plan/types/deadline.h"
#include "host/plan/types/tuning.h"

namespace shoal {

// Returns the trials with which begin() begins.
const std::vector<Trial>& CrewPlan::start_trials() {
  if (!start_trials_.empty()) return start_trials_;
  for (const Start& s : starts()) {
    const MixedCuts mixed({net_, request_, crew_, s.cut});
    start_trials_.push_back({"mixed", mixed.cuts_of(mixed.best()), s.search});
  }
  return start_trials_;
}

bool CrewPlan::lacks_room() const {
  return request_.byte_s == 0 &&
         shoal::lacks_room(request_.cluster, trials_.best());
}

// The starts were compared as they are, or refused; with overlays and channel
// groups they may be better, or fit. They come after all other moves because
// plans that barely fit make poor seeds, but parts of them make splices.
// Columns are tried if the best plan saves memory already, or plans cost
// little.
bool CrewPlan::try_saving_memory() {
  const bool saves = trials_.taken().options.overlays;
  if (!saves) choose_groups();
  std::vector<int> ends;
  if (saves || work_ <= tuning::kCostly) ends = ends_of_columns();
  for (Trial trial : start_trials()) {
    if (PlanDeadline::passed()) break;
    trial.options.save_memory();
    trials_.run(trial);
    for (const int end : ends) trials_.run(in_columns(trial, end));
  }
  return saves;
}

// Tries the best trial and all starts with budgets that leave room for rows of
// peers. They are additional trials, so no plan becomes worse.
bool CrewPlan::try_rungs() {
  Trial best = trials_.taken();
  best.options.rungs = true;
  bool better = trials_.run(std::move(best));
  for (Trial trial : start_trials()) {
    if (PlanDeadline::passed()) break;
    trial.options.rungs = true;
    better |= trials_.run(std::move(trial));
  }
  return better;
}

}  // namespace shoal
