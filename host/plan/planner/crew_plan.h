// The best plan in which only some nodes, a crew, may have a share. The steps
// are begin(), which builds plans from estimates, then improve(), which applies
// moves (moves.h) to the best plan, then improve_further() for more effort.
#pragma once

#include <limits>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "host/lower/net.h"
#include "host/plan/planner/mixed_cuts.h"
#include "host/plan/planner/moves.h"
#include "host/plan/planner/splices.h"
#include "host/plan/planner/tile_trials.h"
#include "host/plan/planner/trials.h"
#include "host/plan/types/request.h"

namespace shoal {

class CrewPlan {
 public:
  // `crew`: nodes of the request, strongest first. Net and memo, which is of
  // the request's nodes, must outlive it.
  CrewPlan(const Net&, PlanRequest, std::vector<int> crew, SegmentMemo&);
  CrewPlan(const CrewPlan&) = delete;
  CrewPlan& operator=(const CrewPlan&) = delete;

  const Trials& trials() const { return trials_; }
  // What mixed cuts take.
  int64_t estimate_ps();

  // For the smallest arena: as another crew's plan has it.
  void compare_with(double least) { trials_.compare_with(least); }
  void refused_with(double least) { trials_.refused_with(least); }
  // Only what is likely, where another crew's plan measures `least`; begin()
  // goes on from there.
  void begin_briefly(double least = std::numeric_limits<double>::infinity());
  void begin();
  // What begin_briefly() tries first.
  Trial simplest() const { return is_lone() ? alone() : spatial(); }
  // Strategies that begin() has left out by estimate.
  const std::vector<std::string>& hopeless() const { return hopeless_; }
  // Nothing, if its plan cannot take less than `most_s`.
  void run(const std::string& strategy, double most_s);
  void run(Trial trial) { trials_.run(std::move(trial)); }

  // Applies moves to the best plan as long as one of them makes it better and
  // the budget of plans is not spent.
  void improve();
  // Applies all moves to all plans found, the fastest first, until
  // `times` * most_plans_ plans are built. A larger number begins with what a
  // smaller one tries, so its plan is never worse.
  void improve_further(int times);

 private:
  // Where to begin: what nobody knows before segments are built.
  struct Start {
    CutCosts cut;
    SearchOptions search;
    double by = 0;  // its plan must be better than others by this part
  };
  bool is_latency() const { return request_.objective == Objective::kLatency; }
  bool is_all() const { return crew_.size() == request_.cluster.nodes.size(); }
  size_t share_count() const { return net_.layers.size() * crew_.size(); }
  bool is_lone() const { return crew_.size() == 1; }
  bool keeps_much() const;
  bool has_banks() const;
  // By what part a plan must be better than the one whose cuts it varies.
  double sure_gain() const;
  std::vector<Start> starts() const;
  std::vector<Start> unpriced_starts() const;
  void run_start(const Start&);
  struct MoveBudget {
    Move& move;
    int& left;      // plans that may still be built; moves may share it
    double by = 0;  // the fraction by which a plan must be better
  };
  void improve_by(const std::vector<MoveBudget>&);
  bool makes_better(const MoveBudget&);
  void improve_cheaply();
  bool can_improve() const;
  bool keeps_found() const;
  bool try_rungs();
  const std::vector<Trial>& start_trials();
  bool is_tight() const;
  void begin_small(double least);
  bool try_groups(const Trial&);
  void try_columns();
  // Whether rows of the best plan do. What is priced sends less in what room
  // there is.
  bool lacks_room() const;
  // The best plan and what begin() begins with, in ways that save memory. True:
  // the best plan was one of these before.
  bool try_saving_memory();
  void try_tiles();
  // None: nothing can be made in tiles.
  std::optional<TileBases> tile_bases() const;
  std::vector<int> ends_of_columns() const;
  Trial in_columns(Trial, int end) const;
  bool is_hopeless(const Cuts&);
  void choose_groups();
  Trial spatial() const;
  Trial alone() const;
  Cuts named_cuts(const std::string& strategy) const;

  const Net& net_;
  const PlanRequest request_;
  const std::vector<int> crew_;
  int most_plans_ = 0;
  Trials trials_;
  std::optional<MixedCuts> first_;   // of the first start
  std::vector<Trial> start_trials_;  // once they were asked for
  std::optional<Trial> first_trial_;
  std::optional<MixedCuts> mixed_;  // of the best start
  std::vector<std::string> hopeless_;
  std::vector<Rehearsed> rehearsed_;  // all plans that fit
  // The same, for improve_further(): only where that is asked for.
  struct Found {
    Trial trial;
    Plan plan;
    bool is_done = false;
  };
  std::vector<Found> found_;
};

}  // namespace shoal
