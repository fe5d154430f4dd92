#include "host/plan/planner/tile_trials.h"

#include <algorithm>
#include <limits>
#include <optional>

#include "host/plan/search/search.h"
#include "host/plan/types/deadline.h"
#include "host/plan/types/tuning.h"

namespace shoal {
namespace {

class TileTrials {
 public:
  TileTrials(const Net& net, const PlanRequest& request, const TileBases& bases,
             SegmentMemo& memo)
      : net_(net), request_(request), bases_(bases), memo_(memo) {}

  std::vector<Trial> find(double most) {
    if (request_.objective == Objective::kRam) {
      constexpr double kAny = std::numeric_limits<int32_t>::max();
      most_ = static_cast<int64_t>(std::min(most, kAny));
    }
    for (const Way& way : first()) consider(way);
    if (found_.empty()) return {};
    const int end = best().tiles[0].end;
    vary([&](Way w, const auto& use) {
      for (w.within = 1; w.within < bases_.within.size(); ++w.within) use(w);
    });
    vary([&](Way w, const auto& use) {
      for (w.behind = 0; w.behind < bases_.behind.size(); ++w.behind) {
        for (const int tail : tails(end)) w.tail = tail, use(w);
      }
    });
    vary([&](Way w, const auto& use) {
      for (const int tiles : tuning::kSharedTiles)
        w.tiles = {{0, end, tiles}}, use(w);
    });
    vary([&](const Way& w, const auto& use) {
      for (const int second : bases_.ends) {
        for (const int tiles : tuning::kSharedTiles) {
          if (second <= end) continue;
          Way both = w;
          both.tiles.push_back({end, second, tiles});
          use(both);
        }
      }
    });
    std::ranges::stable_sort(found_, is_better);
    std::vector<Trial> trials;
    std::vector<std::vector<TileChoice>> taken;
    for (const Found& f : found_) {
      if (trials.size() == tuning::kBuilt) break;
      if (std::ranges::count(taken, f.way.tiles) > 0) continue;
      taken.push_back(f.way.tiles);
      trials.push_back(trial_of(f.way));
    }
    return trials;
  }

  std::optional<int64_t> least(int64_t most) {
    std::optional<int64_t> least;
    for (const Way& way : first()) {
      attempt(way, [&](Search& search) {
        most = std::min(most, least.value_or(most));
        const int64_t bytes = search.least_arena(most);
        least = std::min(least.value_or(bytes), bytes);
      });
    }
    return least;
  }

 private:
  // How layers in tiles and those behind them are cut.
  struct Way {
    std::vector<TileChoice> tiles;
    size_t within = 0, behind = 0;
    int tail = -1;  // first layer cut by output channels; -1: none
  };
  struct Found {
    Way way;
    bool is_latency = false;
    Search::Estimate about;
  };
  static bool is_better(const Found& a, const Found& b) {
    const bool fits = a.about.time_ps > 0, other = b.about.time_ps > 0;
    if (!a.is_latency || (!fits && !other)) {
      return a.about.bytes < b.about.bytes;
    }
    if (fits != other) return fits;
    return a.about.time_ps < b.about.time_ps;
  }
  std::vector<Way> first() const {
    std::vector<Way> ways;
    for (const int end : bases_.ends) {
      ways.push_back({{{0, end, tuning::kSharedTiles[0]}}});
    }
    return ways;
  }
  Way best() const { return std::ranges::min_element(found_, is_better)->way; }

  // Considers variations of the best way so far.
  template <class Others>
  void vary(const Others& others) {
    others(best(), [this](const Way& w) { consider(w); });
  }

  // Returns where output channels may be cut: nowhere, or where maps have
  // become small, behind the last run that could be in tiles and at the last
  // layer that makes a map.
  std::vector<int> tails(int end) const {
    const auto layers = static_cast<int>(net_.layers.size());
    const auto makes_map = [](const Layer& l) {
      return l.out.box.rows() > 1 && l.out.box.columns() > 1;
    };
    int last = layers;
    while (last > end && !makes_map(net_.layers[size_t(last - 1)])) --last;
    std::vector<int> all{-1};
    for (const int at : {bases_.ends.back(), last - 1}) {
      if (at >= end && at < layers) all.push_back(at);
    }
    return all;
  }

  Trial trial_of(const Way& way) const {
    Trial trial = bases_.behind[way.behind];
    trial.name = trial.cuts.strategy = "tiles";
    trial.options.save_memory();
    trial.cuts.blocks.clear();
    trial.cuts.tiles = way.tiles;
    std::copy_n(bases_.within[way.within].layers.begin(), way.tiles.back().end,
                trial.cuts.layers.begin());
    if (way.tail >= way.tiles.back().end) {
      std::copy(bases_.outputs.layers.begin() + way.tail,
                bases_.outputs.layers.end(),
                trial.cuts.layers.begin() + way.tail);
    }
    return trial;
  }

  void consider(const Way& way) {
    attempt(way, [&](Search& search) {
      const bool is_latency = request_.objective == Objective::kLatency;
      if (most_ && search.least_arena(*most_) > *most_) return;
      const std::optional<Search::Estimate> about = search.estimate();
      if (about) found_.push_back({way, is_latency, *about});
    });
  }

  template <class Ask>
  void attempt(const Way& way, const Ask& ask) {
    int layers = 0;
    for (const TileChoice& t : way.tiles) layers += (t.end - t.begin) * t.tiles;
    if (layers > tuning::kMostTileLayers || PlanDeadline::passed()) return;
    const Trial trial = trial_of(way);
    memo_.trim(static_cast<int>(request_.cluster.nodes.size()));
    const SearchOrMisfit search =
        linked_search(net_, request_, trial.cuts, trial.options, &memo_);
    if (search) ask(**search);
  }

  const Net& net_;
  const PlanRequest& request_;
  const TileBases& bases_;
  SegmentMemo& memo_;
  std::optional<int64_t> most_;
  std::vector<Found> found_;
};

}  // namespace

std::vector<Trial> tile_trials(const Net& net, const PlanRequest& request,
                               const TileBases& bases, double most,
                               SegmentMemo& memo) {
  return TileTrials(net, request, bases, memo).find(most);
}

std::optional<int64_t> least_in_tiles(const Net& net,
                                      const PlanRequest& request,
                                      const TileBases& bases, int64_t most,
                                      SegmentMemo& memo) {
  return TileTrials(net, request, bases, memo).least(most);
}

}  // namespace shoal
