#include "host/plan/planner/pipeline.h"

#include <algorithm>
#include <cstdint>
#include <map>
#include <memory>
#include <utility>

#include "host/base/error.h"
#include "host/plan/build/build_plan.h"
#include "host/plan/cost/rehearsal.h"
#include "host/plan/planner/crew_runs.h"
#include "host/plan/search/search.h"
#include "host/plan/types/deadline.h"
#include "host/plan/types/trial_shares.h"

namespace shoal {
namespace {

// How runs are built. `grouped`: what memory that saves is for bands, so that
// weights are read less often. `apart`: segments end where runs do, so that
// crews wait for each other less, and hold more. The last resort goes for the
// smallest arena before it gives up.
struct RunWay {
  bool grouped = false, apart = false, last_resort = false;
};
constexpr RunWay kRunWays[] = {
    {}, {false, true}, {true, true}, {true, false, true}};

class PipelineSearch {
 public:
  PipelineSearch(const Net& net, const PlanRequest& request,
                 const std::vector<int>& nodes, SegmentMemo& memo)
      : net_(net),
        request_(request),
        nodes_(nodes),
        memo_(memo),
        runs_(net, request, nodes) {
    request_.objective = Objective::kLatency;
    request_.strategy = "pipeline";
  }

  std::optional<Plan> find() {
    // Plans tell more of runs each time.
    for (int round = 0; round < shares::kRunRounds; ++round) {
      for (size_t crews = std::min(shares::kMostCrews, nodes_.size());
           crews > 1; --crews) {
        if (PlanDeadline::passed() || seen_.size() >= most_estimated()) break;
        const std::optional<RunList> runs = runs_.best(crews);
        if (runs) attempt(*runs);
      }
    }
    while (best_ && move_a_border()) {
    }
    if (!best_) return std::nullopt;
    finish_plan(net_, request_, best_->supplies, best_->plan);
    return std::move(best_->plan);
  }

 private:
  using RunList = std::vector<CrewRun>;
  struct Built {
    Plan plan;  // not finished
    std::vector<Supply> supplies;
    Rehearsal rehearsal;
    RunList runs;
    std::vector<Nanos> occupied;  // by run, its busiest node
  };

  // Takes the plan if it is better. False if no way of a plan of these runs
  // would fit.
  bool build(const RunList& runs, const RunWay& way,
             std::optional<Built>& best) {
    Cuts cuts = runs_.cuts_of(runs);
    if (way.apart) {
      for (const CrewRun& run : runs) cuts.ends.push_back(run.end - 1);
    }
    SearchWeights weights;
    weights.time = SegmentTime::kWork;
    if (way.grouped) weights.save_memory();
    memo_.trim(static_cast<int>(request_.cluster.nodes.size()));
    const std::unique_ptr<Search> search =
        linked_search(net_, request_, std::move(cuts), weights, &memo_);
    std::optional<Plan> plan = search->fastest();
    if (!plan && (best || !way.last_resort)) return true;
    if (!plan) plan = search->smallest();
    if (!fits(request_.cluster, *plan)) {
      refuse(runs, *plan);
      return false;
    }
    Plan sliced = *plan;
    set_slices(net_, request_.cluster, sliced);
    Rehearsal r =
        rehearse(net_, search->supplies(), request_.max_payload, sliced,
                 kPeriodFrames, best ? best->rehearsal.period : Nanos{0});
    if (best && best->rehearsal.period <= r.period) return true;
    best = {std::move(*plan), search->supplies(), std::move(r), runs, {}};
    return true;
  }

  // Plans of more nodes take longer.
  size_t most_tried() const {
    return std::clamp(shares::kMostRuns * shares::kRunNodes / nodes_.size(),
                      shares::kFewestRuns, shares::kMostRuns);
  }

  // What is left is for borders that move.
  size_t most_estimated() const {
    return most_tried() * shares::kEstimatedRuns / shares::kRunParts;
  }

  // False if that is known, or there is no time left.
  bool attempt(const RunList& runs) {
    if (seen_.size() == most_tried() || PlanDeadline::passed() ||
        std::ranges::find(seen_, runs) != seen_.end()) {
      return false;
    }
    seen_.push_back(runs);
    std::optional<Built> built;
    for (const RunWay& way : kRunWays) {
      if (way.grouped && built && !is_tight(request_.cluster, built->plan))
        continue;
      try {
        if (!build(runs, way, built)) return true;
      } catch (const Error& e) {
        if (e.code() == Exit::kInternal) throw;
        break;  // flash, or no time left
      }
    }
    if (!built) return true;
    learn(*built);
    const bool better =
        !best_ || built->rehearsal.period < best_->rehearsal.period;
    if (better) best_ = std::move(built);
    return true;
  }

  void learn(Built& built) {
    const std::vector<Nanos> by_node = occupied(built);
    for (const CrewRun& run : built.runs) {
      Nanos most = 0;
      for (size_t i = run.first; i < run.last; ++i) {
        most = std::max(most, by_node[static_cast<size_t>(nodes_[i])]);
      }
      built.occupied.push_back(most);
    }
    std::vector<Nanos> all = built.occupied;
    // What all wait for is put down to the run that takes longest.
    *std::ranges::max_element(all) = built.rehearsal.period;
    for (size_t i = 0; i < all.size(); ++i) {
      runs_.learn(built.runs[i], static_cast<double>(all[i]) * 1e3);
    }
  }

  // How long each node has to do with one frame: a segment that takes rows of
  // the crew before keeps both for as long as it takes, at most.
  static std::vector<Nanos> occupied(const Built& built) {
    const std::vector<PlanNode>& nodes = built.plan.nodes;
    std::map<int, Nanos> longest;  // by segment
    for (size_t n = 0; n < nodes.size(); ++n) {
      for (size_t s = 0; s < nodes[n].stages.size(); ++s) {
        const PortTimes& t = built.rehearsal.stages[n][s];
        Nanos& most = longest[nodes[n].stages[s].segment];
        most = std::max(most, t.slices + t.receiving + t.sending + t.other);
      }
    }
    std::vector<Nanos> all(nodes.size());
    for (size_t n = 0; n < nodes.size(); ++n) {
      for (const PlanStage& s : nodes[n].stages) all[n] += longest[s.segment];
      all[n] = std::min(all[n], built.rehearsal.period);
    }
    return all;
  }

  // The run of the node that has least room.
  void refuse(const RunList& runs, const Plan& smallest) {
    const CrewRun* of = nullptr;
    int64_t most = 0;
    for (const CrewRun& run : runs) {
      for (size_t i = run.first; i < run.last; ++i) {
        const auto n = static_cast<size_t>(nodes_[i]);
        const int64_t beyond = int64_t{smallest.nodes[n].arena_bytes} -
                               request_.cluster.nodes[n].plan_budget();
        if (beyond > most) most = beyond, of = &run;
      }
    }
    if (of) runs_.refuse(*of);
  }

  // False if that does not help anywhere. Between two blocks of a net less is
  // sent than within one: so a border may have to go over several layers.
  bool move_a_border() {
    const RunList runs = best_->runs;
    for (const RunList& moved : runs_.beside(runs, shares::kMostMoved)) {
      attempt(moved);
      if (best_->runs != runs) return true;
    }
    return false;
  }

  const Net& net_;
  PlanRequest request_;
  const std::vector<int>& nodes_;
  SegmentMemo& memo_;
  CrewRuns runs_;
  std::vector<RunList> seen_;
  std::optional<Built> best_;
};

}  // namespace

std::optional<Plan> pipeline_plan(const Net& net, const PlanRequest& request,
                                  const std::vector<int>& nodes,
                                  SegmentMemo& memo) {
  if (net.layers.empty() || nodes.empty()) return std::nullopt;
  return PipelineSearch(net, request, nodes, memo).find();
}

}  // namespace shoal
