#include "host/plan/planner/pipeline.h"

#include <algorithm>
#include <cstdint>
#include <map>
#include <numeric>
#include <set>
#include <utility>

#include "host/plan/build/build_plan.h"
#include "host/plan/cost/plan_time.h"
#include "host/plan/cost/rehearsal.h"
#include "host/plan/cost/time.h"
#include "host/plan/planner/crew_runs.h"
#include "host/plan/search/search.h"
#include "host/plan/types/deadline.h"
#include "host/plan/types/tuning.h"

namespace shoal {
namespace {

// How runs are built. `grouped`: memory that is saved is for bands, so that
// weights are read less often. `apart`: segments end where runs end, so that
// crews wait less for each other but hold more. `last_resort`: the smallest
// arena is tried before the search gives up.
struct RunWay {
  bool grouped = false, apart = false, last_resort = false;
};
constexpr RunWay kRunWays[] = {
    {}, {false, true}, {true, true}, {true, false, true}};

Nanos all_of(const PortTimes& t) {
  return t.slices + t.receiving + t.sending + t.other;
}

class PipelineSearch {
 public:
  PipelineSearch(const Net& net, const PlanRequest& request,
                 const std::vector<int>& nodes, SegmentMemo& memo)
      : net_(net),
        passes_soon_(request.objective == Objective::kLatency),
        request_(request),
        nodes_(nodes),
        memo_(memo),
        runs_(net, request, nodes) {
    request_.objective = Objective::kLatency;
    request_.strategy = "pipeline";
  }

  std::optional<Pipeline> find() {
    begin();
    while (best_ && move_a_border()) {
    }
    if (!best_) return std::nullopt;
    (void)is_new(best_->at);
    even_out();
    finish_plan(net_, request_, best_->plan, &memo_);
    return Pipeline{std::move(best_->trial), std::move(best_->plan)};
  }

  // Returns the first plan that fits.
  std::optional<Trial> find_any() {
    any_ = true;
    begin();
    if (!best_) return std::nullopt;
    return best_->trial;
  }

 private:
  using RunList = std::vector<CrewRun>;
  struct Built {
    Trial trial;
    Plan plan;  // not finished
    Rehearsal rehearsal;
    TrimmedRuns at;
  };

  // Tries runs by their estimates, which each plan improves. As long as none
  // fits, refusals lead to other runs.
  void begin() {
    bool goes_on = true;
    for (int round = 0; goes_on && (!best_ || round < tuning::kRounds);
         ++round) {
      goes_on = false;
      for (size_t crews = std::min(size_t{tuning::kSeveral}, nodes_.size());
           crews > 1; --crews) {
        if (PlanDeadline::passed() || seen_.size() >= most_estimated()) return;
        if (any_ && best_) return;
        const std::optional<RunList> runs = runs_.best(crews);
        if (runs) goes_on |= attempt(*runs);
      }
    }
  }

  // Returns the time that is to be short.
  Nanos time(const Built& built) const {
    return passes_soon_ ? built.rehearsal.latency : built.rehearsal.period;
  }

  enum class Fate : uint8_t {
    kKnown,     // judged; taken if it is better
    kTooLarge,  // these runs do not fit in any way
    kHopeless   // other ways lack the same flash or time
  };
  // `most`: of longer periods only that they are longer matters.
  Fate build(const TrimmedRuns& at, const RunWay& way, Nanos most,
             std::optional<Built>& best) {
    const auto& [runs, trim] = at;
    Trial trial{"pipeline", runs_.cuts_of(at)};
    std::vector<int>& ends = trial.cuts.ends;
    for (size_t r = 0; r < runs.size(); ++r) {
      if (way.apart) ends.push_back(runs[r].end - 1);
      // The crew before must not wait until all of its part has been used.
      if (r > 0 && trim.before[r - 1] > 0) ends.push_back(runs[r].begin);
    }
    SearchOptions& options = trial.options;
    options.time = SegmentTime::kWork;
    // Crews wait less for each other, unless a plan fits barely.
    options.roomy = !any_ && nodes_.size() <= tuning::kManyNodes;
    if (way.grouped) options.save_memory();
    memo_.trim(static_cast<int>(request_.cluster.nodes.size()));
    const SearchOrMisfit found =
        linked_search(net_, request_, trial.cuts, options, &memo_);
    if (!found) return Fate::kHopeless;
    Search& search = **found;
    std::optional<Plan> plan = search.fastest();
    if (!plan && (best || !way.last_resort)) return Fate::kKnown;
    if (!plan) {
      OrMisfit<Plan> smallest = search.smallest();
      if (!smallest) return Fate::kHopeless;
      plan = *std::move(smallest);
    }
    if (!fits(request_.cluster, *plan)) {
      refuse(runs, *plan);
      return Fate::kTooLarge;
    }
    Built made{std::move(trial), *std::move(plan), {}, at};
    if (!any_) {  // else its time does not matter
      Plan sliced = made.plan;
      set_slices(net_, request_.cluster, sliced);
      if (passes_soon_) {
        most = 0;
      } else if (best) {
        most = best->rehearsal.period;
      }
      made.rehearsal = memo_.rehearsals().rehearse(
          net_, supplies_of(request_.cluster, sliced), request_.max_payload,
          sliced, kPeriodFrames, most);
      if (best && time(*best) <= time(made)) return Fate::kKnown;
    }
    best = std::move(made);
    return Fate::kKnown;
  }

  // Plans of more nodes take longer to build.
  size_t most_tried() const {
    return std::clamp(
        tuning::kMostRuns * size_t{tuning::kSeveral} / nodes_.size(),
        size_t{tuning::kFewestPlans}, tuning::kMostRuns);
  }

  size_t most_estimated() const {
    return most_tried() - most_tried() / tuning::kMovedPart;
  }

  // Returns false if the runs were tried before, or no more may be built.
  bool attempt(const RunList& runs) {
    if (seen_.size() == most_tried() || PlanDeadline::passed() ||
        std::ranges::find(seen_, runs) != seen_.end()) {
      return false;
    }
    seen_.push_back(runs);
    std::optional<Built> built = built_of(runs_.untrimmed(runs));
    if (!built) return true;
    if (!any_) learn(*built);
    const bool better = !best_ || time(*built) < time(*best_);
    if (better) best_ = std::move(built);
    return true;
  }

  std::optional<Built> built_of(const TrimmedRuns& at, Nanos most = 0) {
    std::optional<Built> built;
    for (const RunWay& way : kRunWays) {
      if (any_ && built) break;
      if (way.grouped && built && !is_tight(request_.cluster, built->plan))
        continue;
      const Fate fate = build(at, way, most, built);
      if (fate == Fate::kTooLarge) return std::nullopt;
      if (fate == Fate::kHopeless) break;
    }
    return built;
  }

  // Returns the seconds of each node.
  std::vector<double> works(const Built& built) const {
    std::vector<double> all;
    for (const int n : nodes_) {
      Nanos sum = 0;
      for (const PortTimes& t :
           built.rehearsal.stages[static_cast<size_t>(n)]) {
        sum += all_of(t);
      }
      all.push_back(static_cast<double>(sum) * 1e-9);
    }
    return all;
  }

  void even_out() {
    for (const TrimmedRuns& at : ways_to_even(*best_)) {
      if (PlanDeadline::passed()) return;
      if (!is_new(at)) continue;
      std::optional<Built> built = built_of(at, best_->rehearsal.period);
      if (built && time(*built) < time(*best_)) {
        best_ = std::move(built);
      }
    }
  }

  // Returns ways that may even out the work: columns by what nodes had to do,
  // and other borders of all crews or of the busiest one.
  std::vector<TrimmedRuns> ways_to_even(const Built& built) const {
    const std::vector<double> all = works(built);
    std::vector<double> crews;
    TrimmedRuns weighed = built.at;
    for (const CrewRun& run : built.at.runs) {
      const auto work = all.begin() + static_cast<std::ptrdiff_t>(run.first);
      const auto count = static_cast<std::ptrdiff_t>(run.nodes());
      const double each = std::accumulate(work, work + count, 0.0) /
                          static_cast<double>(run.nodes());
      crews.push_back(each * kPicoseconds);
      for (size_t n = run.first; n < run.last; ++n) {
        if (all[n] > 0) weighed.trim.weights[n] *= each / all[n];
      }
    }
    const auto busiest =
        static_cast<size_t>(std::ranges::max_element(crews) - crews.begin());
    std::vector<TrimmedRuns> ways;
    for (const TrimmedRuns& at : {built.at, weighed}) {
      ways.push_back(at);
      const auto even = [&](size_t first, size_t last) {
        ways.push_back(runs_.evened(at, crews, first, last));
      };
      even(0, crews.size());
      if (busiest > 0) even(busiest - 1, busiest + 1);
      if (busiest + 1 < crews.size()) even(busiest, busiest + 2);
    }
    return ways;
  }

  // Ways are the same if the nodes' boxes are the same in each layer.
  bool is_new(const TrimmedRuns& at) {
    std::vector<int> boxes;
    for (const LayerCut& cut : runs_.cuts_of(at).layers) {
      for (const Share& s : cut.shares) {
        boxes.insert(boxes.end(), {s.node, s.own.y1, s.own.x1, s.own.c1});
      }
      boxes.push_back(-1);
    }
    return evened_.insert(std::move(boxes)).second;
  }

  void learn(const Built& built) {
    const std::vector<Nanos> by_node = occupied(built);
    std::vector<Nanos> all;  // by run, its busiest node
    for (const CrewRun& run : built.at.runs) {
      Nanos most = 0;
      for (size_t i = run.first; i < run.last; ++i) {
        most = std::max(most, by_node[static_cast<size_t>(nodes_[i])]);
      }
      all.push_back(most);
    }
    // The period that all crews wait for is attributed to the longest run.
    *std::ranges::max_element(all) = built.rehearsal.period;
    for (size_t i = 0; i < all.size(); ++i) {
      runs_.learn(built.at.runs[i], static_cast<double>(all[i]) * 1e3);
    }
  }

  // Returns how long each node is occupied by one frame. A segment that takes
  // rows of the crew before occupies both crews, for its whole time at most.
  static std::vector<Nanos> occupied(const Built& built) {
    const std::vector<PlanNode>& nodes = built.plan.nodes;
    std::map<int, Nanos> longest;  // by segment
    for (size_t n = 0; n < nodes.size(); ++n) {
      for (size_t s = 0; s < nodes[n].stages.size(); ++s) {
        const PortTimes& t = built.rehearsal.stages[n][s];
        Nanos& most = longest[nodes[n].stages[s].segment];
        most = std::max(most, all_of(t));
      }
    }
    std::vector<Nanos> all(nodes.size());
    for (size_t n = 0; n < nodes.size(); ++n) {
      for (const PlanStage& s : nodes[n].stages) all[n] += longest[s.segment];
      all[n] = std::min(all[n], built.rehearsal.period);
    }
    return all;
  }

  // Refuses the run with the node that exceeds its budget most.
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

  // Returns whether a moved border makes the plan better. A border may have to
  // move over several layers, because less is sent between two blocks of a net
  // than within one, and over a node, because plans teach how slow crews are.
  bool move_a_border() {
    const RunList runs = best_->at.runs;
    for (const RunList& moved : runs_.beside(runs, tuning::kMostMoved)) {
      attempt(moved);
      if (best_->at.runs != runs) return true;
    }
    return false;
  }

  const Net& net_;
  const bool passes_soon_;  // else frames follow each other soon
  PlanRequest request_;
  const std::vector<int>& nodes_;
  bool any_ = false;
  SegmentMemo& memo_;
  CrewRuns runs_;
  std::vector<RunList> seen_;
  std::set<std::vector<int>> evened_;
  std::optional<Built> best_;
};

}  // namespace

std::optional<Trial> any_pipeline(const Net& net, const PlanRequest& request,
                                  const std::vector<int>& nodes,
                                  SegmentMemo& memo) {
  if (net.layers.empty() || nodes.empty()) return std::nullopt;
  return PipelineSearch(net, request, nodes, memo).find_any();
}

std::optional<Pipeline> find_pipeline(const Net& net,
                                      const PlanRequest& request,
                                      const std::vector<int>& nodes,
                                      SegmentMemo& memo) {
  if (net.layers.empty() || nodes.empty()) return std::nullopt;
  return PipelineSearch(net, request, nodes, memo).find();
}

}  // namespace shoal
