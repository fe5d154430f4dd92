#include "host/plan/search/tile_search.h"

#include <algorithm>

#include "host/plan/arena/pack.h"
#include "host/plan/cost/plan_time.h"
#include "host/plan/cost/tape.h"
#include "host/plan/cost/time.h"
#include "host/plan/search/sweep.h"
#include "host/plan/types/segment.h"
#include "host/plan/types/tuning.h"

namespace shoal {
namespace {

// Limit of ports in a stage: the cursors of more ports take more bytes than
// tiles save.
constexpr int kMostPorts = 96;

// Bytes of the columns that a tile takes from the previous one and keeps for
// the next. `once` of them can share addresses if the plan allows it.
struct KeptColumns {
  int64_t bytes = 0, once = 0, time_ps = 0;
};

KeptColumns kept_columns(const TileBoxes& boxes, size_t tile,
                         const Board& board) {
  KeptColumns all;
  const auto keep = [&](const TileBoxes::Held& h) {
    all.bytes += aligned(h.box.elements());
    all.time_ps += copy_time(h.box, 1, board).total_ps();
  };
  const std::vector<TileBoxes::Held> none;
  const auto& before = boxes.taken[tile];
  const auto& behind =
      tile + 1 < boxes.made.size() ? boxes.taken[tile + 1] : none;
  for (const TileBoxes::Held& h : before) keep(h);
  for (const TileBoxes::Held& h : behind) {
    // These columns may lie over those that the previous tile kept.
    const auto under =
        std::ranges::find(before, h.tensor, &TileBoxes::Held::tensor);
    keep(h);
    if (under == before.end()) continue;
    all.once +=
        std::min(aligned(h.box.elements()), aligned(under->box.elements()));
  }
  return all;
}

// Returns the groups of a net as groups of all its tiles.
std::vector<BlockChoice> groups_in(const TileNet& tiles,
                                   const std::vector<BlockChoice>& groups) {
  std::vector<BlockChoice> all;
  for (size_t l = 0; l < tiles.layers().size(); ++l) {
    for (const BlockChoice& g : groups) {
      if (tiles.layers()[l] != g.begin) continue;
      const auto begin = static_cast<int>(l);
      all.push_back({begin, begin + g.end - g.begin, g.band, g.groups});
    }
  }
  return all;
}

}  // namespace

TileSearch::TileSearch(const Net& net, const NodeTask& task,
                       AllCandidates& whole)
    : net_(net),
      task_(task),
      whole_(whole),
      uses_(whole.survey().uses()),
      least_(whole.survey().tables().back()),
      variants_(net, uses_, task, kMostPorts),
      live_(net.layers.size() + 1) {
  for (size_t t = 0; t < uses_.size(); ++t) {
    if (uses_[t].first < 0) continue;
    for (int p = uses_[t].first + 1; p <= uses_[t].last; ++p) {
      live_[p] += aligned(net.tensors[t].bytes());
    }
  }
}

TileSearch::Run& TileSearch::run(int begin, int end) {
  const auto [at, is_new] = known_.try_emplace({begin, end});
  Run& run = at->second;
  if (!is_new) return run;
  run.result = tile_result(net_, uses_, begin, end, task_.request.replay);
  if (run.result < 0) return run;
  run.result_bytes = aligned(net_.tensors[run.result].bytes());
  const std::vector<int> all = keepable(net_, uses_, begin, end);
  const size_t most =
      task_.any_stream() ? 0 : std::min(all.size(), tuning::kMostKeptTensors);
  for (size_t n = 0; n <= most; ++n)
    run.kept.emplace_back(all.end() - n, all.end());
  run.boxes.resize(run.kept.size());
  run.options.resize(run.kept.size());
  for (auto& options : run.options)
    options.resize(size_t(variants_.count()) + 1);
  return run;
}

TileRun TileSearch::in_tiles(const Run& run, Segment s, int way) const {
  constexpr int kWays = std::size(tuning::kTiles);
  const int kept = way / kWays, tiles = way % kWays;
  TileRun all =
      even_tiles(net_, run.result, s.begin, s.end, tuning::kTiles[tiles]);
  all.kept = run.kept[size_t(kept)];
  return all;
}

TileSearch::Option TileSearch::option(const TileBoxes& boxes, Segment s,
                                      int variant) const {
  const std::vector<BlockChoice> groups = variants_.groups(variant, s);
  std::vector<bool> is_inner(net_.tensors.size(), false);
  for (const BlockChoice& g : groups) {
    for (int l = g.begin; l + 1 < g.end; ++l) {
      is_inner[net_.layers[l].out.tensor] = true;
    }
  }
  Option o;
  for (size_t t = 0; t < boxes.made.size(); ++t) {
    const KeptColumns columns = kept_columns(boxes, t, task_.board());
    int64_t bytes = columns.bytes;
    o.time_ps += columns.time_ps;
    for (const TileBoxes::Held& h : boxes.held[t]) {
      if (is_inner[h.tensor]) continue;
      const NetTensor& tensor = net_.tensors[h.tensor];
      const int slots =
          variant ? variants_.slots(variant, h.tensor) : least_.slots[h.tensor];
      bytes += aligned(int64_t{slots} * h.box.columns() * h.box.channels() *
                       tensor.element_bytes);
    }
    auto next = groups.begin();
    for (int l = s.begin; l < s.end; ++l) {
      const auto made = boxes.made[t].begin() + (l - s.begin);
      if (next != groups.end() && next->begin == l) {
        LoopLayers layers;
        for (int i = 0; l + i < next->end; ++i) {
          const Layer& layer = net_.layers[l + i];
          layers.push_back({&layer, layer.in[0].box, made[i]});
        }
        const int band = next->band.value_or(1);
        bytes += loop_bytes(layers, next->groups, band);
        o.time_ps +=
            loop_time(layers, next->groups, band, task_.board()).total_ps();
        l = next++->end - 1;
        continue;
      }
      const Layer& layer = net_.layers[l];
      bytes += aligned(sums_bytes(layer, least_.work[l], *made));
      const LayerShare share{*made, whole_share(layer).in_channels};
      o.time_ps +=
          share_time(layer, share, least_.work[l], task_.board()).total_ps();
    }
    o.bytes = std::max(o.bytes, bytes - columns.once);
    o.twice = std::max(o.twice, bytes);
  }
  return o;
}

const TileSearch::Option* TileSearch::fitting(Run& run, Segment s, int variant,
                                              size_t kept, int64_t bytes) {
  const int columns = net_.tensors[run.result].columns;
  int layers = s.end - s.begin + 2 * static_cast<int>(kept);
  const std::vector<BlockChoice> groups = variants_.groups(variant, s);
  if (variant && (groups.empty() || variants_.cuts(variant, s))) return nullptr;
  for (const BlockChoice& g : groups) layers -= g.end - g.begin - 1;
  const int most = std::min(columns, tuning::kMostTileLayers / layers);
  std::vector<TileBoxes>& boxes = run.boxes[kept];
  std::vector<Option>& options = run.options[kept][size_t(variant)];
  for (size_t i = 0; i < std::size(tuning::kTiles) && tuning::kTiles[i] <= most;
       ++i) {
    const int way = static_cast<int>(kept * std::size(tuning::kTiles) + i);
    if (i == boxes.size()) {
      boxes.push_back(
          tile_boxes(net_, uses_, run.result, in_tiles(run, s, way)));
    }
    if (i == options.size()) {
      options.push_back(option(boxes[i], s, variant));
      options.back().way = way;
    }
    if (bytes_of(options[i]) <= bytes) return &options[i];
  }
  return nullptr;
}

TileSearch::Tape TileSearch::tape(const StageSearch& whole, Segment s,
                                  uint32_t chunk_limit) const {
  Tape tape;
  if (chunk_limit == 0) return tape;
  const auto table =
      std::ranges::find_if(whole.sums.tables(), [&](const PassTable& t) {
        return t.least && t.chunk_limit == chunk_limit;
      });
  for (int l = s.begin; l < s.end; ++l) {
    tape.bytes = std::max(tape.bytes, kTapeSlots * table->slot_bytes[l]);
    tape.time_ps += table->time_ps[l] - least_.time_ps[l];
  }
  return tape;
}

void TileSearch::offer(const StageSearch& whole, int begin, int64_t budget,
                       Ends& ends) {
  const auto layers = static_cast<int>(net_.layers.size());
  const int last = std::min(layers, begin + kMaxStageLayers);
  for (int end = begin + 1; end <= last; ++end) {
    Run& r = run(begin, end);
    if (r.result < 0) continue;
    const Segment segment{begin, end};
    const SegmentBytes known = whole.segment_bytes(segment);
    if (known.fixed < 0) continue;
    const Tape weights = tape(whole, segment, known.chunk_limit);
    const int64_t held =
        live_[begin] + r.result_bytes + known.fixed + weights.bytes;
    if (held > budget) continue;
    for (size_t kept = 0; kept < r.kept.size(); ++kept) {
      for (int v = 0; v <= (grouped_ ? variants_.count() : 0); ++v) {
        const Option* o = fitting(r, segment, v, kept, budget - held);
        if (!o) continue;
        const int tiles =
            tuning::kTiles[size_t(o->way) % std::size(tuning::kTiles)];
        const int64_t time_ps = o->time_ps + tiles * weights.time_ps;
        ends.offer(
            {segment, -1 - o->way, held + bytes_of(*o), time_ps, false, v});
      }
    }
  }
}

StageSearch TileSearch::stages(int64_t record_bytes) {
  StageSearch search = whole_.small_stages(kMostPorts, record_bytes);
  search.others = [this, whole = search](int begin, StageBudget budget,
                                         Ends& ends) {
    offer(whole, begin, budget.hard, ends);
    if (grouped_) variants_.offer(begin, budget, ends);
  };
  return search;
}

TileSearch::Parts TileSearch::parts_of(const Partition& cuts) const {
  Parts parts;
  for (const StageCut& c : cuts) {
    const Segment s = c.segment;
    for (const BlockChoice& g : variants_.groups(c.variant, s)) {
      parts.groups.push_back(g);
    }
    if (c.table >= 0) continue;
    const Run& run = known_.at({s.begin, s.end});
    parts.runs.push_back(in_tiles(run, s, -1 - c.table));
  }
  return parts;
}

std::optional<PlanNode> TileSearch::build(const Parts& parts, int64_t most,
                                          bool fast) {
  const TileNet tiles(net_, uses_, parts.runs, !twice_);
  const GroupNet groups(tiles.net(), groups_in(tiles, parts.groups));
  std::vector<bool> streams;
  for (size_t l = 0; l < groups.net().layers.size(); ++l) {
    const int layer = tiles.layers()[groups.positions()[l]];
    streams.push_back(layer >= 0 && task_.streams[layer]);
  }
  std::vector<int> stops;
  for (const int at : tiles.stops()) stops.push_back(groups.position_of(at));
  const NodeTask task{task_.request, task_.node, task_.supply, streams,
                      task_.packs};
  AllCandidates all(groups.net(), Spilling{}, task, stops, &groups.given());
  std::optional<Candidate> found = all.smallest();
  if (!found || found->node.arena_bytes > most) return std::nullopt;
  if (fast) found = all.best(*found);
  tiles.restore(found->node);
  return std::move(found->node);
}

// Returns the fastest partition over all sizes of room for records.
std::optional<Partition> TileSearch::fastest_tiles(StageBudget budget) {
  const auto time_ps = [](const Partition& cuts) {
    int64_t sum = 0;
    for (const StageCut& c : cuts) sum += c.time_ps;
    return sum;
  };
  std::optional<Partition> best;
  for (const int64_t record : whole_.record_bytes()) {
    std::optional<Partition> cuts = fastest_cuts(stages(record), budget);
    if (!cuts) continue;
    if (!best || time_ps(*cuts) < time_ps(*best)) best = std::move(cuts);
  }
  return best;
}

// A plan with groups that computes more replaces one without only if nothing
// but time counts: energy depends on the arithmetic.
std::optional<PlanNode> TileSearch::fastest(int64_t budget) {
  const auto macs = [&](const PlanNode& node) {
    int64_t sum = 0;
    for (const PlanStage& stage : node.stages) {
      for (const PlanActor& a : stage.actors) {
        sum += actor_macs(net_, stage, a);
      }
    }
    return sum;
  };
  const auto time_ps = [&](const PlanNode& of) {
    return node_time_ps(net_, of, task_.supply);
  };
  std::optional<PlanNode> best;
  const auto take = [&](std::optional<PlanNode> node) {
    if (!node) return;
    if (best && time_ps(*node) >= time_ps(*best)) return;
    const bool may_compute_more = !best || !task_.request.compared;
    if (may_compute_more || macs(*node) <= macs(*best)) best = std::move(node);
  };
  const bool groups = variants_.count() > 0;
  built_.clear();
  grouped_ = false;
  take(fastest_parts(budget, !groups));
  if (groups) {
    const int64_t before = best ? time_ps(*best) : 0;
    grouped_ = true;
    take(fastest_parts(budget, true));
    if (best && time_ps(*best) == before) {
      grouped_ = false;
      take(fastest_parts(budget, true));
      grouped_ = true;
    }
  }
  return best;
}

std::optional<PlanNode> TileSearch::fastest_parts(int64_t budget,
                                                  bool changes) {
  std::vector<Parts> tried;
  Parts best_parts;
  std::optional<PlanNode> best;
  int64_t best_ps = 0;
  int fitted = 0;
  const auto attempt = [&](Parts parts) {
    if (parts.empty() || std::ranges::count(tried, parts) > 0) return false;
    tried.push_back(parts);
    auto known = std::ranges::find(built_, parts, &Built::parts);
    std::optional<PlanNode> node;
    if (known == built_.end()) {
      node = build(parts, budget, true);
      const int64_t ps =
          node ? node_time_ps(net_, *node, task_.supply) : int64_t{-1};
      known = built_.insert(known, {parts, ps});
    }
    if (known->time_ps < 0) return false;
    ++fitted;
    if (best_ps > 0 && known->time_ps >= best_ps) return false;
    best_ps = known->time_ps;
    best = std::move(node), best_parts = std::move(parts);
    return true;
  };
  int64_t below = 0;  // the largest stage of the last choice
  const auto attempt_in = [&](int64_t bytes) {
    const std::optional<Partition> cuts = fastest_tiles({bytes, bytes});
    if (!cuts) return false;
    below = std::ranges::max(*cuts, {}, &StageCut::bytes).bytes;
    attempt(parts_of(*cuts));
    return true;
  };
  for (const int percent : tuning::kTiled) {
    if (percent > 100 && !task_.any_stream()) continue;
    if (!attempt_in(budget * percent / 100) || fitted == tuning::kTiledThatFit)
      break;
  }
  for (int i = 0; i < tuning::kRounds && fitted == 0 && below > 0; ++i) {
    if (!attempt_in(below - 1)) break;
  }
  if (changes) climb(best_parts, attempt);
  return best;
}

// Tries changes of the best choice, which `attempt` sets, as long as one of
// them is better.
template <class Attempt>
void TileSearch::climb(const Parts& best, const Attempt& attempt) {
  int left = tuning::kTileChanges * std::max(1, task_.request.effort);
  for (bool any = true; any;) {
    any = false;
    for (Parts& parts : changed(best)) {
      if (left-- <= 0) return;
      any = attempt(std::move(parts));
      if (any) break;
    }
  }
}

// Returns the choice with another run or group, the most promising first:
// narrower tiles leave room for higher bands and larger slots, which the
// estimate does not know.
std::vector<TileSearch::Parts> TileSearch::changed(const Parts& parts) {
  std::vector<Parts> all;
  const auto add_run = [&](size_t r, int begin, int end, int tiles, int kept) {
    const int first = r > 0 ? parts.runs[r - 1].end : 0;
    const int last = r + 1 < parts.runs.size()
                         ? parts.runs[r + 1].begin
                         : static_cast<int>(net_.layers.size());
    if (begin < first || end > last || begin >= end || tiles < 2) return;
    const Run& at = run(begin, end);
    if (at.result < 0 || tiles > net_.tensors[at.result].columns) return;
    if (kept < 0 || kept >= std::ssize(at.kept)) return;
    TileRun to = even_tiles(net_, at.result, begin, end, tiles);
    to.kept = at.kept[static_cast<size_t>(kept)];
    if (is_excluded(to, parts.groups)) return;
    all.push_back(parts);
    all.back().runs[r] = std::move(to);
  };
  for (size_t r = 0; r < parts.runs.size(); ++r) {
    const auto& [begin, end, bounds, columns] = parts.runs[r];
    const int tiles = parts.runs[r].tiles();
    const auto kept = static_cast<int>(columns.size());
    for (const int by : {1, -1}) {
      add_run(r, begin, end, tiles + by, kept);
      add_run(r, begin, end, tiles, kept + by);
      add_run(r, begin, end + by, tiles, kept);
      add_run(r, begin + by, end, tiles, kept);
    }
  }
  for (size_t g = 0; g < parts.groups.size(); ++g) {
    const BlockChoice& now = parts.groups[g];
    all.push_back(parts);
    all.back().groups.erase(all.back().groups.begin() + std::ptrdiff_t(g));
    const auto add_groups = [&](int groups, int band) {
      const int channels = net_.layers[now.begin].out.box.channels();
      const int rows = net_.layers[now.end - 1].out.box.rows();
      if (groups < 2 || channels % groups > 0) return;
      if (band < 1 || band > std::min(rows, kMaxBand)) return;
      all.push_back(parts);
      all.back().groups[g].groups = groups;
      all.back().groups[g].band = band;
    };
    const int band = now.band.value_or(1);
    for (const int by : {1, -1}) add_groups(now.groups, band + by);
    for (const int by : {2, 3}) {
      if (now.groups % by == 0) add_groups(now.groups / by, band);
    }
    add_groups(2 * now.groups, band);
  }
  return all;
}

// Returns whether the tiles have more layers than is worth while, or a group
// crosses an end of the run.
bool TileSearch::is_excluded(const TileRun& run,
                             const std::vector<BlockChoice>& groups) const {
  int layers = run.end - run.begin + 2 * static_cast<int>(run.kept.size());
  for (const BlockChoice& g : groups) {
    if (g.end <= run.begin || g.begin >= run.end) continue;
    if (g.begin < run.begin || g.end > run.end) return true;
    layers -= g.end - g.begin - 1;
  }
  return !task_.any_stream() && run.tiles() * layers > tuning::kMostTileLayers;
}

std::optional<int64_t> TileSearch::estimate(int64_t most) {
  std::optional<int64_t> least;
  for (const int64_t record : whole_.record_bytes()) {
    const std::optional<int64_t> other =
        smallest_budget(stages(record), least ? *least - kAlign : most);
    if (other) least = other;
  }
  return least;
}

std::optional<PlanNode> TileSearch::smallest(int64_t below, int64_t enough) {
  std::optional<PlanNode> best;
  // Buffers that must share addresses may pack worse than separate ones.
  for (const bool twice : {false, true}) {
    twice_ = twice;
    std::optional<PlanNode> node =
        smallest_of(best ? int64_t{best->arena_bytes} : below);
    if (node) best = std::move(node);
    if (best && best->arena_bytes <= enough) break;
  }
  twice_ = false;
  return best;
}

std::optional<PlanNode> TileSearch::smallest_of(int64_t below) {
  const std::optional<int64_t> least = estimate(below);
  if (!least) return std::nullopt;
  std::optional<PlanNode> best;
  Parts best_parts;
  std::vector<Parts> tried;
  const auto attempt = [&](Parts parts) {
    if (parts.empty() || std::ranges::count(tried, parts) > 0) return false;
    tried.push_back(parts);
    const int64_t most = best ? int64_t{best->arena_bytes} - 1 : below - 1;
    std::optional<PlanNode> node = build(parts, most, false);
    if (!node) return false;
    best = std::move(node), best_parts = std::move(parts);
    return true;
  };
  const std::optional<Partition> cuts = fastest_tiles({*least, 0});
  if (cuts) attempt(parts_of(*cuts));
  climb(best_parts, attempt);
  return best;
}

}  // namespace shoal
