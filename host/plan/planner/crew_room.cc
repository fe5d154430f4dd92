// The parts of CrewPlan for plans whose rows lack room.
#include <algorithm>
#include <iterator>
#include <optional>
#include <utility>
#include <vector>

#include "host/plan/planner/crew_plan.h"
#include "host/plan/planner/pipeline.h"
#include "host/plan/search/search.h"
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

// The room that a node leaves which is planned as if alone says nothing of
// segments, so for a node alone the answer is true.
bool CrewPlan::lacks_room() const {
  return request_.byte_s == 0 &&
         (is_lone() || shoal::lacks_room(request_.cluster, trials_.best()));
}

// Returns the best trial and the starts in ways that save memory, if rings of
// the best plan need more room. The starts were compared as they are, or
// refused; with overlays and channel groups they may be better, or fit. Columns
// are tried if the best plan saves memory already, or plans cost little.
std::vector<Trial> CrewPlan::saving_memory() {
  if (!lacks_room()) return {};
  const bool saves = trials_.taken().options.overlays;
  std::vector<Trial> all;
  if (trials_.taken().options.groups.empty()) all = with_chosen_groups();
  std::vector<int> ends;
  if (saves || work_ <= tuning::kCostly) ends = ends_of_columns();
  for (Trial trial : start_trials()) {
    trial.options.save_memory();
    all.push_back(std::move(trial));
  }
  for (const Trial& trial : start_trials()) {
    for (const int end : ends) all.push_back(in_columns(trial, end));
  }
  return all;
}

// Returns the best trial and all starts with budgets that leave room for rows
// of peers, if rings need more room.
std::vector<Trial> CrewPlan::with_spare_rows() {
  if (!lacks_room()) return {};
  std::vector<Trial> all = {trials_.taken()};
  std::ranges::copy(start_trials(), std::back_inserter(all));
  for (Trial& trial : all) trial.options.rungs = true;
  return all;
}

// Returns a pipeline where plans cost little, also with the least rings: no
// segment ends between nodes, so almost no tensor is held whole, and where rows
// lack room a frame may pass faster than through layers that all nodes share.
// It does not depend on the best plan.
std::vector<Trial> CrewPlan::as_pipeline() {
  if (request_.byte_s > 0 || is_lone() || work_ > tuning::kCheap) return {};
  if (!pipelines_) {
    pipelines_.emplace();
    auto found = find_pipeline(net_, request_, crew_, memo_);
    if (found) {
      pipelines_->push_back(std::move(found->trial));
      pipelines_->push_back(pipelines_->front());
      pipelines_->back().options.roomy = false;
    }
  }
  return *pipelines_;
}

// Tries pipelines for the smallest arena. Each is found within less memory than
// the one before.
void CrewPlan::try_small_pipelines() {
  if (request_.byte_s > 0 || is_lone() || work_ > tuning::kCheap) return;
  PlanRequest less = request_;
  for (;;) {
    for (ClusterNode& n : less.cluster.nodes) {
      if (!trials_.any()) break;
      n.ram = std::min(largest_arena(trials_.best()) - 1, n.arena_budget());
    }
    std::optional<Trial> trial = any_pipeline(net_, less, crew_, memo_);
    if (!trial || !trials_.run(*std::move(trial))) return;
  }
}

}  // namespace shoal
