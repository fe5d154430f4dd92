#include "host/plan/planner/trials.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <utility>

#include "host/base/units.h"
#include "host/plan/cost/program_size.h"
#include "host/plan/cuts/cuts.h"
#include "host/plan/draft/cut_net.h"
#include "host/plan/search/linked_parts.h"
#include "host/plan/search/search.h"
#include "host/plan/types/deadline.h"
#include "host/plan/types/progress.h"
#include "host/plan/types/tuning.h"

namespace shoal {
namespace {

// Returns the request with fewer bytes of weights in the flash of nodes whose
// programs exceed it: twice as many fewer as they exceed it by. None if the
// weights cannot come from storage, or no more can be moved.
std::optional<PlanRequest> less_in_flash(const Net& net,
                                         const PlanRequest& request,
                                         const Plan& plan) {
  const std::vector<ProgramSize> sizes = program_sizes(net, plan);
  const auto beyond = beyond_flash(request.cluster, plan, sizes);
  PlanRequest less = request;
  for (size_t n = 0; n < beyond.size(); ++n) {
    if (beyond[n] == 0) continue;
    ClusterNode& node = less.cluster.nodes[n];
    const int64_t most = std::min(node.flash_weights.value_or(sizes[n].weights),
                                  sizes[n].weights);
    if (node.board.storages.empty() || most == 0) return {};
    // Weights that come from storage instead need tables in flash as well.
    node.flash_weights = std::max<int64_t>(0, most - 2 * beyond[n]);
  }
  return less;
}

}  // namespace

size_t plan_work(const Net& net, size_t nodes) {
  size_t layers = 0;
  for (const Layer& layer : net.layers) {
    layers += static_cast<size_t>(
        std::max(1, layer.out.box.rows() / tuning::kLongRows));
  }
  return layers * nodes;
}

// The bindings name all fields, so that a new field does not compile until it
// is decided whether it counts. The plan of a node as if alone depends on
// neither cuts nor options.
bool is_same(const Trial& a, const Trial& b) {
  const auto& [name_a, cuts_a, options_a, alone_a] = a;
  const auto& [name_b, cuts_b, options_b, alone_b] = b;
  const auto& [by_a, layers_a, ends_a, joined_a, blocks_a, tiles_a] = cuts_a;
  const auto& [by_b, layers_b, ends_b, joined_b, blocks_b, tiles_b] = cuts_b;
  if (alone_a != alone_b) return false;
  return alone_a >= 0 ||
         (options_a == options_b && layers_a == layers_b && ends_a == ends_b &&
          joined_a == joined_b && blocks_a == blocks_b && tiles_a == tiles_b);
}

double Trials::measure(const Plan& plan) const {
  if (request_.objective != Objective::kLatency) {
    return static_cast<double>(largest_arena(plan));
  }
  return plan.latency_s +
         request_.byte_s * static_cast<double>(plan.traffic_bytes);
}

// Among equally small arenas the one that takes less time is better.
bool Trials::is_better(Made& made, Made& than) const {
  const double now = measure(made), least = measure(than);
  if (now != least) return now < least;
  return finished(made).latency_s < finished(than).latency_s;
}

const Plan& Trials::finished(Made& made) const {
  if (!made.finished) finish_plan(net_, request_, made.plan, memo_);
  made.finished = true;
  return made.plan;
}

const Plan& Trials::best() const { return finished(*best_); }

bool add_groups(const Net& net, const Cluster& cluster, int channels,
                Trial& trial) {
  const CutNet cut(net, cluster, trial.cuts);
  std::vector<BlockChoice> blocks = group_blocks(cut, channels);
  std::ranges::move(blocks, std::back_inserter(trial.cuts.blocks));
  return !blocks.empty();
}

void keep_groups(const Net& net, const Cluster& cluster, const Trial& from,
                 Trial& trial) {
  const CutNet cut(net, cluster, trial.cuts);
  const auto layers = static_cast<int>(net.layers.size());
  for (const BlockChoice& b : from.cuts.blocks) {
    if (loop_end(cut, b.begin, layers) == b.end) trial.cuts.blocks.push_back(b);
  }
}

void drop_groups(Trial& trial) {
  std::erase_if(trial.cuts.blocks,
                [](const BlockChoice& b) { return b.groups > 1; });
}

std::string Trials::text(double measure) const {
  if (measure == kFar) return "more flash than there is";
  return request_.objective == Objective::kLatency
             ? format_time(measure)
             : fmt::format("{} B", static_cast<int64_t>(measure));
}

int64_t busy_nodes(const Plan& plan) {
  return std::ranges::count_if(
      plan.nodes, [](const PlanNode& n) { return !n.stages.empty(); });
}

double Trials::nearest() const {
  return std::min(best_ ? measure() : kFar, least_skipped_);
}

bool Trials::is_beyond_budgets(Search& search) const {
  // A plan that fits only as the smallest arena is slower than one with room.
  if (best_ && !best_->is_beyond_flash &&
      !lacks_room(request_.cluster, best_->plan)) {
    return true;
  }
  if (!best_ && least_of_others_ == kFar) return is_refused(search);
  return takes_more(search, far_beyond(request_.cluster));
}

bool Trials::is_refused(Search& search) const {
  double least = least_refused_;
  if (refused_ && refused_->arena_bytes) {
    least = std::min(least, static_cast<double>(*refused_->arena_bytes));
  }
  return least < kFar &&
         takes_more(search,
                    std::max(far_beyond(request_.cluster),
                             static_cast<int64_t>(tuning::kHopeless * least)));
}

double Trials::least_known() const {
  const double known = on_all_.value_or(best_ ? measure() : kFar);
  return std::min(known, least_of_others_);
}

double Trials::most() const { return tuning::kHopeless * least_known(); }

bool Trials::is_too_large(Search& search) {
  const double least = least_known();
  if (least == kFar) return is_refused(search);
  // Estimates are exact up to the size from which columns may still help.
  const auto with_columns = static_cast<int64_t>(tuning::kHopeless * least);
  const auto bytes = static_cast<double>(search.least_arena(with_columns));
  if (bytes <= most()) return false;
  least_skipped_ = std::min(least_skipped_, bytes);
  return true;
}

void Trials::foresee(const Trial& trial, double most) {
  const SearchOrMisfit search =
      linked_search(net_, request_, trial.cuts, trial.options, memo_);
  if (!search) return;
  foresee(
      static_cast<double>((*search)->least_arena(static_cast<int64_t>(most))));
}

std::optional<Trials::Made> Trials::make(const Trial& trial,
                                         const PlanRequest& of) {
  PlanRequest request = of;
  request.strategy = trial.name;
  memo_->trim(static_cast<int>(request.cluster.nodes.size()));
  const SearchOrMisfit found =
      trial.alone >= 0
          ? node_search(net_, of, trial.alone)
          : linked_search(net_, of, trial.cuts, trial.options, memo_);
  if (!found) {
    refuse(found.misfit());
    return std::nullopt;
  }
  Search& search = **found;
  const bool is_latency = request.objective == Objective::kLatency;
  std::optional<Plan> fast;
  if (is_latency && best_) search.compare_with(best_->plan.latency_s);
  if (is_latency) fast = search.fastest();
  if (!fast &&
      (is_latency ? is_beyond_budgets(search) : is_too_large(search))) {
    return std::nullopt;
  }
  OrMisfit<Plan> plan = fast ? OrMisfit<Plan>(*std::move(fast))
                             : smallest_plan(net_, request, search);
  if (!plan) {
    refuse(plan.misfit());
    return std::nullopt;
  }
  Made made{*std::move(plan)};
  made.is_beyond_flash = exceeds_flash(net_, request.cluster, made.plan);
  return made;
}

void Trials::move_to_storage(const Trial& trial, Made& made) {
  Made other = made;
  std::optional<PlanRequest> less = request_;
  for (int round = 0; round < tuning::kRounds; ++round) {
    less = less_in_flash(net_, *less, other.plan);
    if (!less) return;
    std::optional<Made> next = make(trial, *less);
    if (!next) return;
    other = *std::move(next);
    if (other.is_beyond_flash) continue;
    made = std::move(other);
    return;
  }
}

bool Trials::run(Trial trial) {
  const auto same = [&](const Trial& t) { return is_same(t, trial); };
  if (std::ranges::any_of(seen_, same)) return false;
  seen_.push_back(trial);
  if (PlanDeadline::passed()) {
    refuse(PlanDeadline::no_plan());
    return false;
  }
  PlanProgress::tried();
  if (!trial.cuts.tiles.empty()) trial.name = "tiles";
  trial.cuts.strategy = trial.name;
  std::optional<Made> made = make(trial, request_);
  if (!made) return false;
  if (made->is_beyond_flash && !trial.options.groups.empty()) {
    // Smaller channel groups need more tables in flash, so they are left out.
    Trial larger = trial;
    larger.options.groups.pop_back();
    if (run(std::move(larger))) return true;
  } else if (made->is_beyond_flash) {
    move_to_storage(trial, *made);
  }
  if (request_.objective == Objective::kLatency) finished(*made);
  const Plan& plan = made->plan;
  if (busy_nodes(plan) == std::ssize(plan.nodes) && !made->is_beyond_flash) {
    on_all_ = std::min(on_all_.value_or(measure(plan)), measure(plan));
  }
  if (watcher_ && !made->is_beyond_flash) watcher_(trial, plan);
  if (best_ && !is_better(*made, *best_)) return false;
  best_ = std::move(made);
  taken_ = std::move(trial);
  return true;
}

}  // namespace shoal
