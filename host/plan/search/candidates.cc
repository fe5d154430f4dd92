#include "host/plan/search/candidates.h"

#include <algorithm>
#include <utility>

#include "host/base/error.h"
#include "host/plan/build/build_plan.h"
#include "host/plan/cost/plan_time.h"
#include "host/plan/search/bands.h"
#include "host/plan/search/stage_slacks.h"
#include "host/plan/search/sweep.h"
#include "host/plan/tokens/share.h"
#include "host/plan/types/deadline.h"
#include "host/plan/types/stage_maker.h"
#include "host/plan/types/tuning.h"

namespace shoal {
namespace {

// Returns whether all stages with bands of more than one row fit `bytes`.
bool fits(const Partition& cuts, const std::vector<PassTable>& tables,
          int64_t bytes) {
  return !cuts.empty() && std::ranges::all_of(cuts, [&](const StageCut& c) {
    const bool tiles = c.table < 0;
    return tiles || tables[c.table].least || c.bytes <= bytes;
  });
}

// Returns whether both lead to the same stages, whatever their estimates.
bool is_same_choice(const Partition& a, const Partition& b) {
  return std::ranges::equal(a, b, [](const StageCut& x, const StageCut& y) {
    return x.segment == y.segment && x.table == y.table &&
           x.overlay == y.overlay;
  });
}

// Calls `use` with the best cuts for ever smaller shares of the budget for
// higher bands, until it returns false.
template <class Use>
void each_partition(const StageSearch& search, int64_t budget, Use use) {
  Partition last;
  for (const int soft : tuning::kBands) {
    const int64_t more = tuning::percent_of(soft, budget);
    // The fastest cuts within a larger share are also the fastest within a
    // smaller one that they fit.
    if (fits(last, search.sums.tables(), more)) continue;
    const std::optional<Partition> cuts = fastest_cuts(search, {budget, more});
    if (!cuts) return;
    if (*cuts == last) continue;
    last = *cuts;
    if (!use(last)) return;
  }
}

}  // namespace

Candidates::Candidates(const Net& net, const NodeTask& task,
                       const Survey& survey, StageMemo& stages, size_t limit,
                       size_t limits, int64_t record_bytes, bool sets,
                       const GivenNet* given, bool tiles)
    : net_(net),
      task_(task),
      survey_(survey),
      stages_(stages),
      limit_(limit),
      record_bytes_(record_bytes),
      tape_(!task.board().flash_mapped || task.any_stream()),
      given_(given),
      last_tries_(tiles ? tuning::kQuickTries : 0),
      uses_(survey.uses()),
      sums_(std::make_shared<SharedSums>(
          net, uses_,
          !tape_
              ? survey.tables()
              : stream_tables(net, survey.tables(), task.supply, task.streams,
                              {&survey.chunk_limits()[limit],
                               &survey.chunk_limits()[limit] + limits},
                              sets))) {}

int64_t Candidates::most_gain(Segment s, int max_ports) const {
  if (PlanDeadline::passed()) return -1;
  const Survey::Known* k = survey_.known(s);
  if (!k || k->ports > max_ports) return -1;
  return std::max(k->overlay_most, sharing_ ? k->share_most : 0);
}

SegmentBytes Candidates::segment_bytes(Segment s, int max_ports,
                                       int64_t record_bytes) const {
  const Survey::Known* k = survey_.known(s);
  if (!k || k->ports > max_ports) return {-1};
  const int fits = record_bytes ? survey_.limit_for(s, record_bytes) : 0;
  if (fits < 0) return {-1};
  const size_t limit = limit_ + static_cast<size_t>(fits);
  const int64_t record = survey_.record_bytes(s, limit);
  if (record < 0) return {-1};
  const int most = std::min(max_ports, survey_.all_ports());
  // An actor has at least two ports, and two bytes of state.
  const int64_t fixed = align_up(static_cast<uint32_t>(4 * most)) +
                        align_up(static_cast<uint32_t>(most)) +
                        survey_.spill_state_bytes() + survey_.variable_bytes() +
                        survey_.link_bytes();
  if (record_bytes)
    return {fixed + record_bytes, survey_.chunk_limits()[limit]};
  return {fixed + record};
}

int64_t Candidates::gain(Segment s) const {
  const int64_t overlay = survey_.overlay_gain(s);
  return sharing_ ? std::max(overlay, survey_.share_gain(s)) : overlay;
}

StageSearch Candidates::stage_search(int max_ports, int64_t record_bytes) {
  return {net_,
          *sums_,
          [this, max_ports](Segment s) { return most_gain(s, max_ports); },
          [this, max_ports, record_bytes](Segment s) {
            return segment_bytes(s, max_ports, record_bytes);
          },
          [this](Segment s) { return gain(s); },
          survey_.ends(max_ports)};
}

Choice Candidates::choose(const Partition& cuts) {
  Choice choice;
  const std::vector<PassTable>& tables = sums_->tables();
  choice.work = tables.back().work;
  choice.slots = tables.back().slots;
  choice.mapped = task_.board().flash_mapped;
  choice.linked = task_.is_linked();
  choice.places.assign(net_.layers.size(), WeightPlace::kMapped);
  for (const StageCut& cut : cuts) {
    const PassTable& table = tables[cut.table];
    const int end = end_of_layers(net_, cut.segment);
    for (int l = cut.segment.begin; l < end; ++l) {
      choice.work[l] = table.work[l];
      if (!task_.streams[l] || net_.layers[l].weights.empty()) continue;
      choice.places[l] = flash_bytes(net_.layers[l]) <= table.sram_limit
                             ? WeightPlace::kSram
                             : WeightPlace::kTape;
    }
    for (size_t t = 0; t < uses_.size(); ++t) {
      if (lives_inside(uses_[t], cut.segment)) {
        choice.slots[t] = table.slots[t];
      }
    }
    StageChoice stage{cut.segment, std::nullopt, false, table.chunk_limit};
    stage.share =
        cut.overlay && sharing_ &&
        survey_.share_gain(cut.segment) > survey_.overlay_gain(cut.segment);
    // Such a segment makes one row per firing.
    if (cut.overlay && !stage.share && survey_.overlay_gain(cut.segment) > 0) {
      stage.overlay = survey_.best_overlay(cut.segment);
    }
    choice.stages.push_back(stage);
  }
  return choice;
}

Candidate Candidates::pack(const Choice& choice, BuildOptions how) const {
  how.last_tries = last_tries_;
  how.keeps = {task_.keeps_weights()};
  how.banks = {task_.banks()};
  how.packs = &task_.packs;
  how.stages = &stages_;
  Plan plan = build_plan(built_net(), node_draft(net_, uses_, choice, given_),
                         {task_.supply}, how);
  return {choice, std::move(plan.nodes[0]), 0, how.pack_tries};
}

Candidate Candidates::timed(Candidate c) const {
  c.time_ps = node_time_ps(built_net(), c.node, task_.supply, &stages_);
  return c;
}

Candidate Candidates::build(const Choice& choice) const {
  return timed(pack(choice, {.pack_tries = tuning::kQuickTries}));
}

Candidate Candidates::build_within(const Choice& choice, int64_t budget) const {
  return timed(pack(choice, {.pack_tries = tuning::kQuickTries,
                             .most = budget + 1,
                             .enough = budget}));
}

// Packing is deterministic, so equal tries give the same arena.
Candidate Candidates::filled(const Candidate& c, int64_t budget) const {
  return timed(pack(c.choice, {.pack_tries = c.tries, .budgets = {budget}}));
}

Candidate Candidates::loosened(const Candidate& c, int64_t budget) const {
  Candidate best = filled(c, budget);
  if (best.node.arena_bytes > budget) return c;
  const int64_t window = in_flight_bytes(
      task_.request.cluster, {&task_.node, 1}, task_.request.max_payload);
  for (const Slack& slack : slacks(window)) {
    Candidate loose =
        timed(pack(c.choice, {.pack_tries = c.tries,
                              .budgets = {budget},
                              .slack = [&](size_t, size_t) { return slack; }}));
    // Spare rows must not take the room of slots or gaps.
    if (loose.node.arena_bytes <= budget && loose.node.gaps == best.node.gaps) {
      return loose;
    }
  }
  return best;
}

// Raises bands in all stages at once, by less if the result cannot be packed.
Candidate Candidates::raise_all(const Candidate& from, int64_t budget) const {
  const int64_t room = budget - from.node.layout.buffers;
  for (const int percent : tuning::kLess) {
    Choice choice = from.choice;
    for (size_t s = 0; s < choice.stages.size(); ++s) {
      if (choice.stages[s].share) continue;
      raise_bands(net_, task_.supply, survey_, choice, s, room, percent);
    }
    Candidate next = build_within(choice, budget);
    if (next.node.arena_bytes > budget) continue;
    return next.time_ps < from.time_ps ? next : from;
  }
  return from;
}

// The search lays an output over an input only where nothing else fits. If
// weights come from storage, an overlay also pays for higher bands, since each
// pass over the rows reads and checks all weights again.
bool Candidates::lay_over(const Choice& choice, StageChoice& stage) const {
  std::optional<Overlay> o = overlay_pair(net_, uses_, stage.segment);
  if (stage.overlay || !o) return false;
  o->lead = smallest_lead(
      net_, make_stage(net_, uses_, stage.segment, choice.work, choice.slots),
      *o);
  stage.overlay = o;
  return overlay_gain(net_, *o) > 0;
}

// Raises bands in one stage after the other, as long as the result can be
// packed.
Candidate Candidates::raise_each(Candidate best, int64_t budget, int percent,
                                 bool over, std::vector<Work>& failed) const {
  const int64_t room = budget - best.node.layout.buffers;
  for (size_t s = 0; s < best.choice.stages.size(); ++s) {
    Choice choice = best.choice;
    if (choice.stages[s].share) continue;
    if (over && !lay_over(choice, choice.stages[s])) continue;
    raise_bands(net_, task_.supply, survey_, choice, s, room, percent);
    if (choice.work == best.choice.work || choice.work == failed[s]) continue;
    Candidate next = build_within(choice, budget);
    if (next.node.arena_bytes <= budget && next.time_ps < best.time_ps) {
      best = std::move(next);
    } else {
      failed[s] = choice.work;
    }
  }
  return best;
}

Candidate Candidates::raised_by_parts(const Candidate& from,
                                      int64_t budget) const {
  Candidate best = from;
  std::vector<Work> failed(best.choice.stages.size());
  for (const int percent : tuning::kMoreOfEach) {
    best = raise_each(std::move(best), budget, percent, false, failed);
  }
  return best.time_ps < from.time_ps ? build(best.choice) : from;
}

Candidate Candidates::raise(const Candidate& from, int64_t budget) const {
  const std::vector<Work> none(from.choice.stages.size());
  std::vector<Work> failed = none;
  Candidate best =
      raise_each(raise_all(from, budget), budget, 100, false, failed);
  failed = none;  // overlays may make room for bands that failed
  if (tape_) best = raise_each(std::move(best), budget, 100, true, failed);
  return best.time_ps < from.time_ps ? build(best.choice) : from;
}

std::optional<Candidate> Candidates::least_arena(int64_t most) {
  std::optional<Candidate> best;
  struct Tried {
    Partition cuts;
    int64_t bytes;
  };
  std::vector<Tried> tried;
  for (int ports = 4;; ports += ports < 64 ? 4 : ports) {
    const StageSearch search = stage_search(ports, record_bytes_);
    const int64_t below = best ? int64_t{best->node.arena_bytes} - 1 : most;
    const std::optional<int64_t> least = smallest_budget(search, below);
    if (least) {
      each_partition(search, *least, [&](const Partition& cuts) {
        const bool known = std::ranges::any_of(tried, [&](const Tried& t) {
          return is_same_choice(t.cuts, cuts);
        });
        if (!known) {
          const int64_t less = best ? best->node.arena_bytes : INT64_MAX;
          Candidate c = pack(choose(cuts),
                             {.pack_tries = tuning::kQuickTries, .most = less});
          tried.push_back({cuts, c.node.arena_bytes});
          if (c.node.arena_bytes < less) best = std::move(c);
        }
        return best->node.arena_bytes > *least;
      });
    }
    if (ports >= survey_.all_ports()) break;
  }
  // A candidate that was packed badly at first may become the smallest.
  for (const auto& [cuts, bytes] : tried) {
    if (bytes > tuning::worth_trying(best->node.arena_bytes)) continue;
    Candidate c = pack(choose(cuts), {.pack_tries = tuning::kPackTries,
                                      .most = best->node.arena_bytes});
    if (c.node.arena_bytes < best->node.arena_bytes) best = std::move(c);
  }
  return best;
}

StageSearch Candidates::all_stages(int max_ports, int64_t record_bytes) {
  sharing_ = !tape_;
  return stage_search(max_ports, record_bytes);
}

std::optional<int64_t> Candidates::estimate(int64_t record_bytes,
                                            int64_t most) {
  sharing_ = false;
  return smallest_budget(stage_search(survey_.all_ports(), record_bytes), most);
}

std::optional<Candidate> Candidates::smallest(int64_t most) {
  sharing_ = false;
  std::optional<Candidate> least = least_arena(most);
  if (!least) return least;
  least_without_sharing_ = least->node.arena_bytes;
  // A tape has its own recorded order.
  sharing_ = !tape_;
  if (sharing_) {
    const std::optional<Candidate> less =
        least_arena(least_without_sharing_ - 1);
    sharing_ = less && less->node.arena_bytes < least->node.arena_bytes;
    if (sharing_) least = less;
  }
  return timed(std::move(*least));
}

Candidate Candidates::faster(const Candidate& least) {
  const int64_t budget = least.node.arena_bytes;
  Candidate best = raise(least, budget);
  const std::optional<Candidate> other =
      fastest(budget, static_cast<int>(least.node.layout.cursor_count));
  return other && other->time_ps < best.time_ps ? *other : best;
}

std::optional<Candidate> Candidates::fastest(int64_t budget) {
  sharing_ = !tape_ && budget < least_without_sharing_;
  return fastest(budget, survey_.all_ports());
}

std::optional<Candidate> Candidates::fastest(int64_t budget, int max_ports) {
  std::optional<Candidate> best;
  const StageSearch search = stage_search(max_ports, record_bytes_);
  each_partition(search, budget, [&](const Partition& cuts) {
    Candidate c = build(choose(cuts));
    if (c.node.arena_bytes > budget) return true;
    c = raise(c, budget);
    if (!best || c.time_ps < best->time_ps) best = std::move(c);
    return true;
  });
  return best;
}

}  // namespace shoal
