// Builds, rehearses and compares plans for strategy auto.
#pragma once

#include <algorithm>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "host/plan/search/search.h"
#include "host/plan/search/segment_memo.h"
#include "host/plan/types/beyond.h"
#include "host/plan/types/layer_cuts.h"
#include "host/plan/types/misfit.h"
#include "host/plan/types/plan.h"
#include "host/plan/types/request.h"

namespace shoal {

// Returns what it costs to build and rehearse a plan over a number of nodes, in
// shares of layers. Long signals are rehearsed row by row, so a layer of theirs
// counts for several.
size_t plan_work(const Net&, size_t nodes);

struct Trial {
  std::string name = {};  // of the cuts
  Cuts cuts = {};
  SearchOptions options = {};
  int alone = -1;  // a node that has all layers, as if alone; -1: none
};

// Returns whether the same plan would be built of both.
bool is_same(const Trial&, const Trial&);

// Adds groups of about `channels` channels wherever expansions and projections
// allow them. Returns whether any do.
bool add_groups(const Net&, const Cluster&, int channels, Trial&);
// Adds the groups of another trial where the cuts still allow them.
void keep_groups(const Net&, const Cluster&, const Trial& from, Trial&);
// Removes all groups.
void drop_groups(Trial&);

class Trials {
 public:
  // Net, request and memo, which is of the request's nodes, must outlive the
  // object.
  Trials(const Net& net, const PlanRequest& request, SegmentMemo& memo)
      : net_(net), request_(request), memo_(&memo) {}

  // Builds the plan of a trial. Returns whether it is the best so far. A trial
  // that was run before is not built again.
  bool run(Trial);

  // Sets the measure of other crews' best plan: arenas that are estimated to be
  // much larger, or far beyond all budgets, are not built.
  void compare_with(double least) { least_of_others_ = least; }
  // Sets the arena that other crews' refusals ask for. While nothing fits,
  // trials that are estimated far beyond all budgets and ask for more are not
  // built; with 0, only those that may fit are built.
  void refused_with(double least) { least_refused_ = least; }
  // Add estimates of arenas that are not built yet. Above `most` an estimate
  // may be a lower bound.
  void foresee(const Trial&, double most);
  void foresee(double bytes) {
    least_skipped_ = std::min(least_skipped_, bytes);
  }
  // For the smallest arena: returns the largest estimate that is still built.
  double most() const;
  // Returns the best measure, or the smallest estimate of an arena that was not
  // built if that is less; infinity if there is neither.
  double nearest() const;

  // The watcher is called with each plan that fits and its trial.
  void watch(std::function<void(const Trial&, const Plan&)> watcher) {
    watcher_ = std::move(watcher);
  }
  // Returns how many trials were run.
  int count() const { return static_cast<int>(seen_.size()); }
  bool any() const { return best_.has_value(); }
  const Plan& best() const;
  const Trial& taken() const { return taken_; }
  // Returns the best plan's value by the objective; less is better. Infinity:
  // it takes more flash than there is.
  double measure() const { return measure(*best_); }
  // Returns whether the best plan is better than the best of `those`.
  bool beats(const Trials& those) const {
    return is_better(*best_, *those.best_);
  }
  std::string measured() const { return text(measure()); }
  std::string text(double measure) const;
  // Returns the least measure of plans in which all nodes have a share, if any.
  std::optional<double> on_all() const { return on_all_; }
  // If there is no plan: the misfit that asks for the fewest bytes; none if
  // estimates ruled all trials out.
  const std::optional<Misfit>& refused() const { return refused_; }

 private:
  // A built plan. Its arena is known before its time: a plan that is too large
  // is not rehearsed.
  struct Made {
    Plan plan;
    // A program exceeds its node's flash; a plan without such a program is
    // better.
    bool is_beyond_flash = false;
    bool finished = false;
  };
  // Returns none if estimates rule the trial out, or if it does not fit; in the
  // latter case refuse() has its misfit.
  std::optional<Made> make(const Trial&, const PlanRequest&);
  void refuse(const Misfit& why) { refused_ = lesser(refused_, why); }
  // Where programs exceed flash, replaces the plan by one with weights from
  // storage, if that helps.
  void move_to_storage(const Trial&, Made&);
  const Plan& finished(Made&) const;
  // Returns whether a trial without a plan within the budgets is given up:
  // there is a plan with room already, or by estimate none fits the nodes.
  bool is_beyond_budgets(Search&) const;
  // Returns whether by estimate, while there is no plan, the trial exceeds all
  // budgets and needs a larger arena than refusals so far ask for.
  bool is_refused(Search&) const;
  bool is_too_large(Search&);
  double least_known() const;  // of all known arenas
  double measure(const Plan&) const;
  double measure(const Made& made) const {
    return made.is_beyond_flash ? kFar : measure(made.plan);
  }
  bool is_better(Made&, Made& than) const;

  const Net& net_;
  const PlanRequest& request_;
  SegmentMemo* memo_;
  std::vector<Trial> seen_;
  mutable std::optional<Made> best_;  // finished when its time is needed
  Trial taken_;
  std::optional<double> on_all_;
  double least_of_others_ = kFar, least_skipped_ = kFar;
  double least_refused_ = kFar;
  std::optional<Misfit> refused_;
  std::function<void(const Trial&, const Plan&)> watcher_;
};

// Returns the number of nodes that have a share.
int64_t busy_nodes(const Plan&);

}  // namespace shoal
