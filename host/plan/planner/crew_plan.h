// Finds the best plan in which only some nodes, a crew, may have a share.
// begin() builds plans from estimates, improve() applies moves (moves.h) to the
// best plan, and improve_further() spends more effort.
#pragma once

#include <cstddef>
#include <functional>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "host/lower/net.h"
#include "host/plan/planner/mixed_cuts.h"
#include "host/plan/planner/moves.h"
#include "host/plan/planner/tile_trials.h"
#include "host/plan/planner/trials.h"
#include "host/plan/types/request.h"

namespace shoal {

class CrewPlan {
 public:
  // `crew`: nodes of the request, the fastest first. The net and the memo,
  // which is of the request's nodes, must outlive the object.
  CrewPlan(const Net&, PlanRequest, std::vector<int> crew, SegmentMemo&);
  CrewPlan(const CrewPlan&) = delete;
  CrewPlan& operator=(const CrewPlan&) = delete;

  const Trials& trials() const { return trials_; }
  // Returns the estimated time of the best mixed cuts.
  int64_t estimate_ps();

  // Pass on what other crews have found: see Trials.
  void compare_with(double least) { trials_.compare_with(least); }
  void refused_with(double least) { trials_.refused_with(least); }
  // Builds only the most likely plans. `least`: the measure of another crew's
  // best plan. begin() continues from there.
  void begin_briefly(double least = kFar);
  void begin();
  // Returns the trial with which begin_briefly() begins.
  Trial simplest() const;
  // Returns the strategies that begin() left out because of their estimates.
  const std::vector<std::string>& hopeless() const { return hopeless_; }
  // Builds the plan of a strategy, unless a bound proves that it takes `most_s`
  // seconds or more.
  void run(const std::string& strategy, double most_s);
  void run(Trial trial) { trials_.run(std::move(trial)); }

  // Applies moves to the best plan as long as one of them makes it better and
  // the budget of plans is not spent.
  void improve();
  // Goes on with cuts by what layers took in all plans so far, and from the
  // better plans as improve() does. That plans of one crew become better so
  // says nothing of other crews, so it is for the best one at last.
  void improve_as_built();
  // Applies all moves to all plans found, the fastest first, until
  // `times` * most_plans_ plans are built, or there is no other change. A
  // larger number begins with what a smaller one tries, so its plan is never
  // worse.
  void improve_further(int times);

 private:
  // Assumptions about what is unknown before segments are built; each gives
  // cuts to begin with.
  struct Start {
    CutCosts cut;
    SearchOptions search;
  };
  bool is_latency() const { return request_.objective == Objective::kLatency; }
  bool is_all() const { return crew_.size() == request_.cluster.nodes.size(); }
  bool is_lone() const { return crew_.size() == 1; }
  bool keeps_weights() const;
  bool has_banks() const;
  std::vector<Start> starts() const;
  std::vector<Start> unpriced_starts() const;
  void run_start(const Start&);
  // A way to change the best plan, in the loop of improve().
  struct Step {
    // Returns trials, the most promising first.
    std::function<std::vector<Trial>()> trials;
    int left = 0;  // plans that it may still build
  };
  Step step(Move*, int plans);
  std::vector<Step> steps(bool options);
  void climb(bool options);
  bool makes_better(Step&);
  // Tries the first `changes` of each move for all plans found, and returns how
  // many of `plans` are left.
  int apply_moves(int plans, size_t changes);
  // Runs a trial and takes it from the plans that are left, unless it was run
  // before.
  bool run_counted(Trial, int& left);
  bool can_improve() const;
  bool keeps_found() const;
  bool is_tight() const;
  void try_all(std::vector<Trial>);
  std::vector<Trial> saving_memory();
  std::vector<Trial> with_spare_rows();
  std::vector<Trial> in_tiles();
  std::vector<Trial> as_pipeline();
  void try_small_pipelines();
  const std::vector<Trial>& start_trials();
  void begin_small(double least);
  bool try_heads(Trial);
  void try_pairs();
  bool try_groups(const Trial&);
  void try_columns();
  // Returns whether rings of the best plan need more room. With a price of
  // traffic all trials save memory from the start, so the answer is false.
  bool lacks_room() const;
  // Returns none if no layers can be made in tiles.
  std::optional<TileBases> tile_bases() const;
  std::vector<int> ends_of_columns() const;
  Trial in_columns(Trial, int end) const;
  bool is_hopeless(const Cuts&);
  std::vector<Trial> with_chosen_groups() const;
  Trial spatial() const;
  Cuts named_cuts(const std::string& strategy) const;

  const Net& net_;
  const PlanRequest request_;
  const std::vector<int> crew_;
  const size_t work_;  // of a plan
  SegmentMemo& memo_;
  int most_plans_ = 0;
  Trials trials_;
  std::vector<Trial> start_trials_;  // empty until start_trials() is called
  std::optional<std::vector<Trial>> pipelines_;  // once they were looked for
  std::optional<Trial> first_trial_;
  std::optional<MixedCuts> mixed_;  // of the best start, at first of the first
  bool stored_ = false;  // whether the first counts weights from storage
  std::vector<std::string> hopeless_;
  std::vector<Rehearsed> rehearsed_;  // all plans that fit
  std::vector<Plan> found_;           // the same, only if keeps_found()
  std::set<double> moved_s_;   // latencies of those to which moves were applied
  bool left_changes_ = false;  // whether some of their changes were not tried
};

}  // namespace shoal
