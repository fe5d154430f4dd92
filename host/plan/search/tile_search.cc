#include "host/plan/search/tile_search.h"

#include <algorithm>

#include "host/plan/arena/pack.h"
#include "host/plan/cost/tape.h"
#include "host/plan/cost/time.h"

namespace shoal {
namespace {

// Of one stage: more would take more bytes of cursors than tiles save.
constexpr int kMostPorts = 96;
constexpr int kMostRunLayers = 48;
// More are hardly smaller and much slower, and so is the search for them.
constexpr int kTiles[] = {2, 3, 4, 5, 6, 7, 8, 10, 12};
constexpr int kMostTileLayers = 160;  // of all tiles

// What is built may be larger or smaller than the estimate: these parts of the
// budget, and of the smallest estimate, are tried.
constexpr int kPercentOfBudget[] = {104, 100, 97, 94, 90, 86};
constexpr int kPercentOfSmallest[] = {100, 103, 107};

}  // namespace

TileSearch::TileSearch(const Net& net, const NodeTask& task,
                       AllCandidates& whole)
    : net_(net),
      task_(task),
      whole_(whole),
      uses_(whole.survey().uses()),
      least_(whole.survey().tables().back()),
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
  return run;
}

TileSearch::Option TileSearch::option(const Run& run, int begin, int end,
                                      int tiles) const {
  const TileRun even = even_tiles(net_, run.result, begin, end, tiles);
  const TileBoxes boxes = tile_boxes(net_, uses_, run.result, even);
  Option o{tiles, 0, 0};
  for (size_t t = 0; t < boxes.made.size(); ++t) {
    int64_t bytes = 0;
    for (const TileBoxes::Held& h : boxes.held[t]) {
      const NetTensor& tensor = net_.tensors[h.tensor];
      bytes += aligned(int64_t{least_.slots[h.tensor]} * h.box.columns() *
                       h.box.channels() * tensor.element_bytes);
    }
    for (int l = begin; l < end; ++l) {
      const Layer& layer = net_.layers[l];
      const Box& made = boxes.made[t][size_t(l - begin)];
      bytes += aligned(sums_bytes(layer, least_.work[l], made));
      const LayerShare share{made, whole_share(layer).in_channels};
      o.time_ps +=
          share_time(layer, share, least_.work[l], task_.board()).total_ps();
    }
    o.bytes = std::max(o.bytes, bytes);
  }
  return o;
}

const TileSearch::Option* TileSearch::fitting(Run& run, int begin, int end,
                                              int64_t bytes) {
  const int columns = net_.tensors[run.result].columns;
  const int most = std::min(columns, kMostTileLayers / (end - begin));
  for (size_t i = 0; i < std::size(kTiles) && kTiles[i] <= most; ++i) {
    if (i == run.options.size()) {
      run.options.push_back(option(run, begin, end, kTiles[i]));
    }
    if (run.options[i].bytes <= bytes) return &run.options[i];
  }
  return nullptr;
}

TileSearch::Tape TileSearch::tape(const StageSearch& whole, Segment s,
                                  uint32_t chunk_limit) const {
  Tape tape;
  if (chunk_limit == 0) return tape;
  const auto table =
      std::ranges::find_if(whole.tables, [&](const PassTable& t) {
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
  const int last = std::min(layers, begin + kMostRunLayers);
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
    const Option* o = fitting(r, begin, end, budget - held);
    if (!o) continue;
    const int64_t time_ps = o->time_ps + o->tiles * weights.time_ps;
    ends.offer({segment, -o->tiles, held + o->bytes, time_ps, false});
  }
}

StageSearch TileSearch::stages(int64_t record_bytes) {
  StageSearch search = whole_.small_stages(kMostPorts, record_bytes);
  search.others = [this, whole = search](int begin, int64_t budget,
                                         Ends& ends) {
    offer(whole, begin, budget, ends);
  };
  return search;
}

TileSearch::Runs TileSearch::runs_of(const Partition& cuts) const {
  Runs runs;
  for (const Cut& c : cuts) {
    if (c.table >= 0) continue;
    const Segment s = c.segment;
    const int result = known_.at({s.begin, s.end}).result;
    runs.push_back(even_tiles(net_, result, s.begin, s.end, -c.table));
  }
  return runs;
}

std::optional<PlanNode> TileSearch::build(const Runs& runs, int64_t most,
                                          bool fast) {
  const TileNet tiles(net_, uses_, runs);
  std::vector<bool> streams;
  for (const int l : tiles.layers()) streams.push_back(task_.streams[l]);
  const NodeTask task{task_.request, task_.supply, streams};
  AllCandidates all(tiles.net(), Spilling{}, task, tiles.stops());
  std::optional<Candidate> found = all.smallest();
  if (!found || found->node.arena_bytes > most) return std::nullopt;
  if (fast) found = all.best(*found);
  tiles.restore(found->node);
  return std::move(found->node);
}

// Of all rooms for records.
std::optional<Partition> TileSearch::fastest_tiles(StageBudget budget) {
  const auto time_ps = [](const Partition& cuts) {
    int64_t sum = 0;
    for (const Cut& c : cuts) sum += c.time_ps;
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

std::optional<PlanNode> TileSearch::fastest(int64_t budget) {
  std::vector<Runs> tried;
  for (const int percent : kPercentOfBudget) {
    const int64_t bytes = budget * percent / 100;
    const std::optional<Partition> cuts = fastest_tiles({bytes, bytes});
    if (!cuts) continue;
    Runs runs = runs_of(*cuts);
    if (runs.empty() || std::ranges::count(tried, runs) > 0) continue;
    std::optional<PlanNode> node = build(runs, budget, true);
    if (node) return node;
    tried.push_back(std::move(runs));
  }
  return std::nullopt;
}

std::optional<PlanNode> TileSearch::smallest(int64_t below) {
  std::optional<int64_t> least;
  for (const int64_t record : whole_.record_bytes()) {
    const std::optional<int64_t> other =
        smallest_budget(stages(record), least ? *least - kAlign : below);
    if (other) least = other;
  }
  if (!least) return std::nullopt;
  std::optional<PlanNode> best;
  std::vector<Runs> tried;
  for (const int percent : kPercentOfSmallest) {
    const int64_t bytes = *least * percent / 100;
    const std::optional<Partition> cuts = fastest_tiles({bytes, 0});
    if (!cuts) continue;
    Runs runs = runs_of(*cuts);
    if (runs.empty() || std::ranges::count(tried, runs) > 0) continue;
    const int64_t most = best ? int64_t{best->arena_bytes} - 1 : below - 1;
    std::optional<PlanNode> node = build(runs, most, false);
    if (node) best = std::move(node);
    tried.push_back(std::move(runs));
  }
  return best;
}

}  // namespace shoal
