// The parts of CrewPlan for plans whose rows lack room.
#include <algorithm>
#include <optional>
#include <utility>
#include <vector>

#include "host/plan/planner/crew_plan.h"
#include "host/plan/planner/pipeline.h"
#include "host/plan/search/search.h"
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

// Tries pipelines where plans cost little: no segment ends between nodes, so
// almost no tensor is held whole, and where rows lack room a frame may pass
// faster than through layers that all nodes share. For the smallest arena each
// is found within less than the one before. Returns whether one is the best.
bool CrewPlan::try_pipelines() {
  if (request_.byte_s > 0 || is_lone() || work_ > tuning::kCheap) return false;
  bool better = false;
  if (is_latency()) {
    for (Trial& t : soonest_pipelines(net_, request_, crew_, memo_)) {
      better |= trials_.run(std::move(t));
    }
    return better;
  }
  PlanRequest less = request_;
  for (;;) {
    for (ClusterNode& n : less.cluster.nodes) {
      if (!trials_.any()) break;
      n.ram = std::min(largest_arena(trials_.best()) - 1, n.arena_budget());
    }
    std::optional<Trial> trial = any_pipeline(net_, less, crew_, memo_);
    if (!trial || !trials_.run(*std::move(trial))) return better;
    better = true;
  }
}

}  // namespace shoal
