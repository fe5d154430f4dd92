#include "host/plan/planner/crew_plan.h"

#include <algorithm>
#include <bit>
#include <utility>

#include "host/plan/cost/time.h"
#include "host/plan/cuts/heads.h"
#include "host/plan/draft/tile_net.h"
#include "host/plan/planner/bounds.h"
#include "host/plan/types/beyond.h"
#include "host/plan/types/deadline.h"
#include "host/plan/types/plan_segments.h"
#include "host/plan/types/tuning.h"

namespace shoal {
namespace {

// Returns the trial whose segments moves can change: a node that is planned as
// if alone has none, and all layers.
Trial in_segments(Trial trial) {
  trial.alone = -1;
  return trial;
}

// Returns the places behind layers where fewer bytes are kept than at any place
// before.
std::vector<int> narrow_ends(const Net& net) {
  const std::vector<int64_t> bytes = kept_bytes(net);
  const auto layers = static_cast<int>(net.layers.size());
  std::vector<int> ends;
  int64_t least = kBeyond;
  for (int l = 0; l + 1 < layers; ++l) {
    if (bytes[l] >= least) continue;
    least = bytes[l];
    ends.push_back(l + 1);
  }
  return ends;
}

}  // namespace

CrewPlan::CrewPlan(const Net& net, PlanRequest request, std::vector<int> crew,
                   SegmentMemo& memo)
    : net_(net),
      request_(std::move(request)),
      crew_(std::move(crew)),
      work_(plan_work(net, crew_.size())),
      memo_(memo),
      trials_(net, request_, memo) {
  if (is_latency()) {
    trials_.watch([this](const Trial& trial, const Plan& plan) {
      rehearsed_.push_back(rehearsed(trial, plan));
      if (keeps_found()) found_.push_back(plan);
    });
  }
  most_plans_ = static_cast<int>(std::clamp<int64_t>(
      tuning::kShares / std::max<int64_t>(1, static_cast<int64_t>(work_)),
      tuning::kFewestPlans, tuning::kMostPlans));
}

// Returns whether weights stay in SRAM, for which no arena needs the room: then
// starts which count all reads of flash are far off.
bool CrewPlan::keeps_weights() const {
  if (!trials_.any()) return false;
  bool any = false;
  const std::vector<PlanNode>& nodes = trials_.best().nodes;
  for (size_t n = 0; n < nodes.size(); ++n) {
    if (is_tight_besides_weights(request_.cluster.nodes[n], nodes[n])) {
      return false;
    }
    any |= nodes[n].sram_weight_bytes > 0;
  }
  return any;
}

bool CrewPlan::has_banks() const {
  return std::ranges::any_of(request_.cluster.nodes, [](const ClusterNode& n) {
    return !n.kept_banks().empty();
  });
}

// Starts differ in what an exchange costs, how often a layer's weights are
// read, and how many of them stay in SRAM.
std::vector<CrewPlan::Start> CrewPlan::unpriced_starts() const {
  if (is_lone()) {  // there is nothing to cut, nor to wait for
    std::vector<Start> all(2);
    all.back().search.save_memory();
    return all;
  }
  if (!is_latency()) {
    std::vector<Start> all = {{{1, 3, 100}, {1}}};
    if (is_all()) {
      all.push_back({{1, 5, 25}, {1}});
    }
    return all;
  }
  if (crew_.size() > size_t{tuning::kManyNodes}) {
    return {{{3, 5, 100}, {1}}, {{3, 12, 100}, {1}}};
  }
  std::vector<Start> all = {{{3, 3, 25}, {5}},
                            {{1, 3, 25}, {3}},
                            {{3, 3, 100}, {5}},
                            {{1, 5, 100}, {1}},
                            {{1, 5, 100}, {5}}};
  if (keeps_weights()) {
    // The weights that are read most often stay in SRAM first.
    constexpr FlashPercent kHalf = {tuning::kHalfOfFlash, 0};
    all.push_back({{3, 3, 25, kHalf}, {3, kHalf}});
    all.push_back({{3, 4, 50, kHalf}, {3, kHalf}});
    // Weights for which other banks have no room are read once.
    constexpr FlashPercent kOnce = {100, 0};
    if (has_banks()) all.push_back({{3, 4, 25, kOnce}, {3, kOnce}});
  }
  return all;
}

std::vector<CrewPlan::Start> CrewPlan::starts() const {
  std::vector<Start> all = unpriced_starts();
  if (request_.byte_s == 0) return all;
  all.resize(std::min(all.size(), tuning::kPricedStarts));
  for (Start& s : all) {
    s.cut.byte_ps = s.search.byte_ps = picoseconds(request_.byte_s);
    // Plans that send less need more room.
    s.search.save_memory();
  }
  return all;
}

int64_t CrewPlan::estimate_ps() {
  if (!mixed_) {
    mixed_.emplace(CutEstimate(net_, request_, crew_, starts().front().cut));
  }
  return mixed_->best().time_ps;
}

void CrewPlan::begin_briefly(double least) {
  if (least < kFar) compare_with(least);
  trials_.run(simplest());
  if (first_trial_) return;
  // The search for a node alone finds the smallest arena. Segments like those
  // of several nodes compute while rows arrive, which over slow links saves
  // more than that search's faster bands do.
  if (is_lone() && (!request_.over_links() || !is_latency() || !trials_.any()))
    return;
  const Start first = starts().front();
  estimate_ps();
  stored_ = mixed_->estimate().has_stored();
  first_trial_ = {"mixed", mixed_->cuts_of(mixed_->best()), first.search};
  trials_.run(*first_trial_);
  if (!is_latency()) return begin_small(least);
  // Estimates that ignore storage send less, which may be what fits.
  if (!trials_.any() && stored_) {
    Start all_mapped = first;
    all_mapped.cut.storage = false;
    run_start(all_mapped);
  }
}

// For the smallest arena: estimates other trials of begin(), until an estimate
// is near `least`, the smallest arena that is known.
void CrewPlan::begin_small(double least) {
  const bool cheap = work_ <= tuning::kCostly;
  const std::vector<int> ends = ends_of_columns();
  const double now = trials_.nearest();
  const bool far = now < kFar && now > tuning::kHopeless * least;
  if (!far && !ends.empty()) trials_.run(in_columns(spatial(), ends.back()));
  if (least == kFar) return;
  const auto enough = [&] {
    return trials_.nearest() <= tuning::kHopeless * least;
  };
  for (const std::string& name : strategies_for(net_)) {
    if (enough()) return;
    if (!cheap || name == "spatial") continue;
    trials_.foresee({name, named_cuts(name)}, least);
  }
  for (const int end : ends) {
    for (const Trial& behind : {*first_trial_, spatial()}) {
      if (enough()) return;
      trials_.foresee(in_columns(behind, end), least);
    }
  }
  if (enough()) return;
  if (const std::optional<TileBases> bases = tile_bases()) {
    const auto bytes =
        least_in_tiles(net_, request_, *bases,
                       static_cast<int64_t>(tuning::kHopeless * least), memo_);
    if (bytes) {
      trials_.foresee(static_cast<double>(*bytes));
    }
  }
}

void CrewPlan::begin() {
  begin_briefly();
  if (is_lone() || PlanDeadline::passed()) return;
  if (first_trial_) {
    try_groups(*first_trial_);
    std::vector<Start> all = starts();
    if (is_latency() && stored_) {
      // Estimates that count storage send more instead, for which other nodes
      // wait, so starts that ignore it are tried, too.
      for (Start s : starts()) {
        s.cut.storage = false;
        all.push_back(s);
      }
    }
    for (size_t i = 1; i < all.size(); ++i) run_start(all[i]);
  }
  try_groups(spatial());
  for (const std::string& name : strategies_for(net_)) {
    if (name == "spatial") continue;
    Cuts cuts = named_cuts(name);
    if (is_hopeless(cuts)) {
      hopeless_.push_back(name);
    } else {
      trials_.run({name, std::move(cuts)});
    }
  }
  try_pairs();
  if (is_latency() && trials_.any()) {
    try_all(with_chosen_groups());
    return;
  }
  try_columns();
  try_all(in_tiles());
  if (!is_latency()) {
    try_small_pipelines();
  } else if (!trials_.any()) {
    try_all(as_pipeline());
  }
}

void CrewPlan::try_all(std::vector<Trial> all) {
  for (Trial& t : all) trials_.run(std::move(t));
}

// Returns the best trial with groups that are chosen for each segment, and with
// outputs that lie over inputs; none if there is memory enough.
std::vector<Trial> CrewPlan::with_chosen_groups() const {
  if (request_.byte_s > 0 || !is_tight()) return {};
  Trial chosen = trials_.taken();
  drop_groups(chosen);
  chosen.options.save_memory();
  return {std::move(chosen)};
}

// Rings are narrowest where each node has some columns of all rows and halos
// are sent row by row. Tries to cut the first layers of other trials so, up to
// ends where little lies between layers.
void CrewPlan::try_columns() {
  if (request_.byte_s > 0) return;
  std::vector<Trial> others;
  if (first_trial_) others.push_back(*first_trial_);
  others.push_back(spatial());
  // Only the end that is best with one trial is tried with the next.
  std::vector<int> ends = ends_of_columns();
  for (const Trial& behind : others) {
    int best = 0;
    for (const int end : ends) {
      const bool any = trials_.any();
      const double before = any ? trials_.measure() : 0;
      trials_.run(in_columns(behind, end));
      if (trials_.any() && (!any || trials_.measure() < before)) best = end;
    }
    if (best > 0) ends = {best};
  }
}

// Returns trials that make the first layers some columns at a time, each node
// some rows or columns of a tile; none for the least time in enough memory.
std::vector<Trial> CrewPlan::in_tiles() {
  if (is_latency() && !is_tight()) return {};
  const std::optional<TileBases> bases = tile_bases();
  if (!bases) return {};
  return tile_trials(net_, request_, *bases, trials_.most(), memo_);
}

std::optional<TileBases> CrewPlan::tile_bases() const {
  if (!request_.replay || request_.byte_s > 0) return std::nullopt;
  const auto nodes = static_cast<int>(crew_.size());
  const auto grid = [&](int rows, int columns) {
    return make_cuts_over(net_, request_.cluster, crew_,
                          {"spatial", rows, columns});
  };
  TileBases bases;
  bases.ends = narrow_ends(net_);
  const std::vector<TensorUses> uses = find_uses(net_);
  std::erase_if(bases.ends, [&](int end) {
    return tile_result(net_, uses, 0, end, true) < 0;
  });
  if (bases.ends.empty()) return std::nullopt;
  bases.within = {grid(nodes, 1), grid(1, nodes)};
  if (nodes > 3) bases.within.push_back(grid(0, 0));
  bases.behind.push_back(spatial());
  if (first_trial_) bases.behind.push_back(*first_trial_);
  if (trials_.any()) bases.behind.push_back(trials_.taken());
  bases.outputs = named_cuts("kernel");
  return bases;
}

std::vector<int> CrewPlan::ends_of_columns() const {
  if (crew_.size() < 2 || crew_.size() > size_t{tuning::kManyNodes}) return {};
  std::vector<int> ends = narrow_ends(net_);
  std::erase_if(ends, [&](int end) {
    return net_.layers[end - 1].out.box.columns() < std::ssize(crew_);
  });
  // Where plans cost much, tries only powers of two, and only the two ends
  // behind which the least lies.
  const bool costly = crew_.size() > tuning::kSeveral;
  if (costly && !std::has_single_bit(crew_.size())) return {};
  const size_t most = costly ? 2 : ends.size();
  ends.erase(ends.begin(), ends.end() - static_cast<std::ptrdiff_t>(
                                            std::min(most, ends.size())));
  return ends;
}

// Returns `trial` with its layers before `end` cut by columns.
Trial CrewPlan::in_columns(Trial trial, int end) const {
  trial.name = "columns";
  drop_groups(trial);
  trial.options.save_memory();
  trial.options.halos = true;
  const StrategyOptions columns{"spatial", 1, static_cast<int>(crew_.size())};
  const Cuts cuts = make_cuts_over(net_, request_.cluster, crew_, columns);
  std::copy_n(cuts.layers.begin(), end, trial.cuts.layers.begin());
  return trial;
}

void CrewPlan::run(const std::string& strategy, double most_s) {
  Cuts cuts = named_cuts(strategy);
  if (is_latency() &&
      cut_bound(net_, request_, cuts).ps > picoseconds(most_s * kRounding)) {
    return;
  }
  trials_.run({strategy, std::move(cuts)});
}

bool CrewPlan::keeps_found() const {
  return request_.effort > 1 || work_ <= tuning::kCheap;
}

bool CrewPlan::can_improve() const {
  return mixed_ && trials_.any() && is_latency();
}

void CrewPlan::improve() {
  if (!can_improve()) return;
  climb(is_lone() || lacks_room());
  // A node alone gains nothing by it (53 requests at 0.2 to 1000 Mbit/s).
  if (work_ <= tuning::kCheap && request_.effort > 0 && !is_lone()) {
    improve_further(tuning::kCheapEffort);
  }
}

// Steps take turns: whether one makes the plan better or not, the next one
// follows. The loop ends when none of them in a row does. Pipelines do not
// depend on the best plan, so the steps change that first.
void CrewPlan::climb(bool options) {
  std::vector<Step> all = steps(options);
  Step pipelines = {[this] { return as_pipeline(); }, most_plans_};
  do {
    size_t in_vain = 0;
    for (size_t next = 0; in_vain < all.size(); ++next) {
      in_vain = makes_better(all[next % all.size()]) ? 0 : in_vain + 1;
    }
  } while (makes_better(pipelines));
}

void CrewPlan::improve_as_built() {
  if (!can_improve() || is_lone()) return;
  Step as_built = step(recut_as_built, most_plans_);
  while (makes_better(as_built)) climb(false);
}

CrewPlan::Step CrewPlan::step(Move* of, int plans) {
  return {
      [this, of] {
        const Trial from = in_segments(trials_.taken());
        return of({net_, request_, from, trials_.best(), rehearsed_, *mixed_});
      },
      plans};
}

// Small changes come first, and plans that hold other memory last: they are
// poor seeds, but parts of them make splices. `options`: all options of the
// plan are changed before anything else, not only room for what links have
// under way. They decide most where rows lack room; elsewhere more plans are
// built for the same time.
std::vector<CrewPlan::Step> CrewPlan::steps(bool options) {
  const auto way = [this](std::vector<Trial> (CrewPlan::*of)()) {
    return Step{[this, of] { return (this->*of)(); }, most_plans_};
  };
  std::vector<Step> all = {step(change_options, options ? most_plans_ : 1)};
  // This is enough for a node alone where many plans are compared.
  if (is_lone() && request_.compared) return all;
  for (Move* of : {balance_shares, splice_plans, recut_run}) {
    all.push_back(step(of, most_plans_));
  }
  if (options) all.push_back(step(add_ends, most_plans_));
  if (work_ <= tuning::kCheap && !is_lone()) {
    mixed_->add_other_counts();
    for (Move* of : {change_waits, move_borders, hand_over}) {
      all.push_back(step(of, most_plans_));
    }
  }
  all.push_back(way(&CrewPlan::saving_memory));
  all.push_back(way(&CrewPlan::with_spare_rows));
  all.push_back(way(&CrewPlan::in_tiles));
  return all;
}

bool CrewPlan::makes_better(Step& step) {
  if (step.left <= 0 || PlanDeadline::passed()) return false;
  for (Trial& t : step.trials()) {
    if (step.left <= 0 || PlanDeadline::passed()) return false;
    if (run_counted(std::move(t), step.left)) return true;
  }
  return false;
}

bool CrewPlan::run_counted(Trial trial, int& left) {
  const int before = trials_.count();
  const bool better = trials_.run(std::move(trial));
  left -= trials_.count() - before;
  return better;
}

// The first changes that each move proposes come first, for all plans, and then
// ever more of them.
void CrewPlan::improve_further(int times) {
  if (!can_improve()) return;
  mixed_->add_other_counts();
  int plans = times * most_plans_;
  for (size_t changes = 1;; changes *= 2) {
    plans = apply_moves(plans, changes);
    if (plans <= 0 || !left_changes_ || PlanDeadline::passed()) return;
    moved_s_.clear();
    left_changes_ = false;
  }
}

// Best-first search: applies all moves to the fastest plan to which they were
// not applied yet, even if that plan did not become the best. Plans that take
// exactly as long differ in what costs nothing, and have the same moves.
int CrewPlan::apply_moves(int plans, size_t changes) {
  constexpr Move* kMoves[] = {recut_run,     splice_plans,   hand_over,
                              move_borders,  balance_shares, change_waits,
                              change_options};
  for (;;) {
    const Plan* from = nullptr;
    for (const Plan& plan : found_) {
      if (moved_s_.contains(plan.latency_s)) continue;
      if (!from || plan.latency_s < from->latency_s) from = &plan;
    }
    if (!from) return plans;
    // Plans that are found meanwhile may reallocate the lists.
    const Plan plan = *from;
    moved_s_.insert(plan.latency_s);
    Trial trial = in_segments(rehearsed_[size_t(from - found_.data())].trial);
    // The ends of a pipeline suit its own cuts.
    trial.cuts.ends.clear();
    for (Move* move : kMoves) {
      std::vector<Trial> trials =
          move({net_, request_, trial, plan, rehearsed_, *mixed_});
      left_changes_ |= trials.size() > changes;
      trials.resize(std::min(trials.size(), changes));
      for (Trial& t : trials) {
        if (plans <= 0 || PlanDeadline::passed()) return plans;
        run_counted(std::move(t), plans);
      }
    }
  }
}

void CrewPlan::run_start(const Start& start) {
  MixedCuts mixed({net_, request_, crew_, start.cut});
  const Trial trial{"mixed", mixed.cuts_of(mixed.best()), start.search};
  bool better = trials_.run(trial);
  better |= try_groups(trial);
  better |= try_heads(trial);
  if (better) mixed_.emplace(std::move(mixed));
}

// Tries each head of attention on nodes of its own. Estimates do not suggest
// this: layers that two nodes share are those of the same two in all of them.
bool CrewPlan::try_heads(Trial trial) {
  if (!has_heads(net_)) return false;
  trial.cuts = with_heads_apart(net_, rated_crew(request_.cluster, crew_),
                                std::move(trial.cuts));
  return trials_.run(std::move(trial));
}

// Tries heads with an MLP's first layers divided by pairs of nodes.
void CrewPlan::try_pairs() {
  if (!has_heads(net_)) return;
  std::vector<int> in_order = crew_;
  std::ranges::sort(in_order);
  const Crew crew = rated_crew(request_.cluster, std::move(in_order));
  trials_.run(
      {"mixed", with_wide_outputs_in_parts(net_, crew, named_cuts("heads"))});
}

// Returns whether a smaller plan would leave room for higher bands.
bool CrewPlan::is_tight() const {
  return !trials_.any() || shoal::is_tight(request_.cluster, trials_.best());
}

bool CrewPlan::try_groups(const Trial& trial) {
  if (is_latency() && (request_.byte_s > 0 || !is_tight())) return false;
  bool better = false;
  const auto run = [&](int channels) {
    Trial grouped = trial;
    if (add_groups(net_, request_.cluster, channels, grouped)) {
      better |= trials_.run(std::move(grouped));
    }
  };
  const auto& groups = tuning::kGroups;
  if (is_latency()) {
    for (const int channels : {groups[0], groups[1]}) run(channels);
  } else if (is_all()) {
    for (const int channels : {groups[1], groups[2], groups[3]}) run(channels);
  } else {
    run(groups[2]);
  }
  return better;
}

bool CrewPlan::is_hopeless(const Cuts& cuts) {
  if (work_ <= tuning::kCheap) return false;
  if (!mixed_ || !is_latency() || !trials_.any()) return false;
  const MixedPath path = mixed_->path_of(cuts);
  return static_cast<double>(path.time_ps) >
         tuning::kHopeless * static_cast<double>(mixed_->best().time_ps);
}

Trial CrewPlan::spatial() const {
  Trial trial{"spatial", named_cuts("spatial")};
  if (request_.byte_s > 0) trial.options = starts().front().search;
  return trial;
}

Trial CrewPlan::simplest() const {
  Trial trial = spatial();
  if (is_lone()) trial.name = "single", trial.alone = crew_.front();
  return trial;
}

Cuts CrewPlan::named_cuts(const std::string& strategy) const {
  return make_cuts_over(net_, request_.cluster, crew_, {.strategy = strategy});
}

}  // namespace shoal
