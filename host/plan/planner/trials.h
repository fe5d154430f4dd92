// Plans that are built, rehearsed and compared: what strategy auto decides by.
#pragma once

#include <algorithm>
#include <cstdint>
#include <deque>
#include <functional>
#include <limits>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "host/plan/search/search.h"
#include "host/plan/search/segment_memo.h"
#include "host/plan/types/layer_cuts.h"
#include "host/plan/types/misfit.h"
#include "host/plan/types/plan.h"
#include "host/plan/types/request.h"

namespace shoal {

struct Trial {
  std::string name = {};  // of the cuts
  Cuts cuts = {};
  SearchOptions options = {};
  int group_channels = 0;  // of its channel groups; 0: it has none
  bool spliced = false;    // its groups are where its cuts come from plans
  int alone = -1;          // a node that has all layers, as if it were alone
};

// Whether the same plan would be built of both.
bool is_same(const Trial&, const Trial&);

class Trials {
 public:
  // Net, request and memo, which is of the request's nodes, must outlive it.
  Trials(const Net& net, const PlanRequest& request, SegmentMemo& memo)
      : net_(net), request_(request), memo_(&memo) {}

  // True if its plan is better than all before, by more than this part of what
  // they take. The same twice is tried once.
  bool run(Trial, double by = 0);

  // What others take: arenas that are estimated much larger, or far beyond all
  // budgets, are not built.
  void compare_with(double least) { least_of_others_ = least; }
  // An arena that others were refused with: where nothing fits, what is
  // estimated far beyond all budgets, and asks for more, is not built. 0: only
  // what may fit is.
  void refused_with(double least) { least_refused_ = least; }
  // Only plans that take less time than this are asked for; infinite: any.
  void must_beat(double seconds) {
    must_beat_s_ = seconds < kFar ? seconds : 0;
  }
  // Estimates of what is not built yet.
  void foresee(const Trial&, double most);
  void foresee(double bytes) {
    least_skipped_ = std::min(least_skipped_, bytes);
  }
  // For the smallest arena: what is estimated larger is not built.
  double most() const;
  // The smallest arena, or estimate of one that was not built; infinite: there
  // is neither.
  double nearest() const;

  // Called with each plan that fits, and what it was made from.
  void watch(std::function<void(const Trial&, const Plan&)> watcher) {
    watcher_ = std::move(watcher);
  }
  // How many plans were built.
  int count() const { return static_cast<int>(seen_.size()); }
  bool any() const { return best_.has_value(); }
  const Plan& best() const;
  const Trial& taken() const { return taken_; }
  const std::vector<Supply>& supplies() const { return best_->supplies; }
  // By the objective, less is better; of the best. Infinite: it takes more
  // flash than there is.
  double measure() const { return measure(*best_); }
  // Whether the best of these is better than the best of those.
  bool beats(const Trials& those) const {
    return is_better(*best_, *those.best_, 0);
  }
  std::string measured() const { return text(measure()); }
  std::string text(double measure) const;
  // Of the best plan in which all nodes have a share, if there is one.
  std::optional<double> on_all() const { return on_all_; }
  // If there is no plan: the misfit that asks for the fewest bytes; none: all
  // was left out by estimate.
  const std::optional<Misfit>& refused() const { return refused_; }

 private:
  // Arenas are known before times: what is too large is not rehearsed.
  struct Made {
    Plan plan;
    std::vector<Supply> supplies;
    // A program exceeds its node's flash: worse than all that do not.
    bool is_beyond_flash = false;
    bool finished = false;
  };
  static constexpr double kFar = std::numeric_limits<double>::infinity();
  // None: by estimate it is of no use, or it does not fit, which refuse() was
  // told.
  std::optional<Made> make(const Trial&, const PlanRequest&);
  void refuse(const Misfit& why) { refused_ = lesser(refused_, why); }
  // Where programs exceed flash, with weights from storage instead, if that
  // helps.
  void move_to_storage(const Trial&, Made&);
  const Plan& finished(Made&) const;
  // Where there is a plan already: by estimate, no plan fits the nodes, nor is
  // any as small.
  bool is_beyond_budgets(Search&) const;
  // The same where there is none, and the arena that it would ask for is no
  // smaller than what a refusal asks for.
  bool is_refused(Search&) const;
  bool is_too_large(Search&);
  bool is_too_slow(const Made&) const;
  double least_known() const;  // arena
  double measure(const Plan&) const;
  double measure(const Made& made) const {
    return made.is_beyond_flash ? kFar : measure(made.plan);
  }
  // By more than this part.
  bool is_better(Made&, Made& than, double by) const;

  const Net& net_;
  const PlanRequest& request_;
  SegmentMemo* memo_;
  std::vector<Trial> seen_;
  mutable std::optional<Made> best_;  // finished when its time is asked for
  Trial taken_;
  std::optional<double> on_all_;
  double least_of_others_ = kFar, least_skipped_ = kFar;
  double least_refused_ = kFar, must_beat_s_ = 0;
  std::optional<Misfit> refused_;
  std::function<void(const Trial&, const Plan&)> watcher_;
  std::deque<PlanRequest> less_in_flash_;  // supplies point to their boards
};

// How many nodes have a share.
int64_t busy_nodes(const Plan&);

}  // namespace shoal
