#include <algorithm>
#include <cmath>
#include <string>

#include "host/base/error.h"
#include "host/plan/draft/tile_net.h"
#include "host/plan/text/does_not_fit.h"
#include "host/plan/types/segment.h"

namespace shoal {
namespace {

Misfit refusal(const Cuts& cuts, const TileChoice& t, const std::string& why,
               const std::string& fix) {
  return {Exit::kUsage,
          "cuts " + cuts.strategy + ": tiles = " + std::to_string(t.tiles) +
              " of layers " + std::to_string(t.begin) + "-" +
              std::to_string(t.end - 1) + ": " + why,
          fix};
}

Misfit refusal_of_run(const Net& net, const std::vector<TensorUses>& uses,
                      const Cuts& cuts, const TileChoice& t, bool replay) {
  const std::string fix = "tiles = 1, or other layers";
  if (net.frames > 1) return refusal(cuts, t, "frames come as a batch", fix);
  for (int l = t.begin; l < t.end; ++l) {
    if (takes_columns(net, net.layers[l])) continue;
    return refusal(
        cuts, t,
        layer_text(net.layers[l]) + " is not made some columns at a time", fix);
  }
  if (!replay && tile_result(net, uses, t.begin, t.end, true) >= 0) {
    return refusal(cuts, t,
                   "an input's rows come again from the top for each tile",
                   "add --replay, with a verb that has it");
  }
  return refusal(
      cuts, t,
      "they do not make one tensor for layers behind them, or touch one "
      "that others make, a variable or an output",
      fix);
}

// Returns the place of column `x` of `from` in `to`, a multiple of `granule`.
int scaled(int x, const Box& from, const Box& to, int granule) {
  if (x <= from.x0) return to.x0;
  if (x >= from.x1) return to.x1;
  const int units = ceil_div(to.columns(), granule);
  const auto part = static_cast<double>(x - from.x0) / from.columns();
  const int at = static_cast<int>(std::lround(part * units)) * granule;
  return std::min(to.x0 + at, to.x1);
}

LayerCut tile_cut(const Layer& whole, const Layer& tile, const LayerCut& cut) {
  const Box &from = whole.out.box, &to = tile.out.box;
  const int granule = column_granule(whole);
  LayerCut all = cut;
  for (Share& s : all.shares) {
    s.own.x0 = scaled(s.own.x0, from, to, granule);
    s.own.x1 = scaled(s.own.x1, from, to, granule);
  }
  std::erase_if(all.shares, [](const Share& s) { return s.own.empty(); });
  return all;
}

// Returns the positions of a range of the given net's layers in the net of
// tiles: one place or, in a run, one in each tile. Parts of a range are apart
// if only some of it is in a run.
std::vector<Segment> places_of(const std::vector<int>& layers,
                               const std::vector<int>& stops, Segment range) {
  std::vector<Segment> all;
  for (int p = 0; p < static_cast<int>(layers.size()); ++p) {
    if (layers[p] < range.begin || layers[p] >= range.end) continue;
    const bool goes_on = !all.empty() && all.back().end == p &&
                         layers[p] == layers[p - 1] + 1 &&
                         !std::ranges::count(stops, p);
    if (!goes_on) all.push_back({p, p});
    all.back().end = p + 1;
  }
  return all;
}

}  // namespace

OrMisfit<std::vector<TileRun>> tile_runs(const Net& net, const Cuts& cuts,
                                         bool replay) {
  std::vector<TileRun> runs;
  const std::vector<TensorUses> uses = find_uses(net);
  for (const TileChoice& t : cuts.tiles) {
    const int result = tile_result(net, uses, t.begin, t.end, replay);
    if (result < 0) return refusal_of_run(net, uses, cuts, t, replay);
    const int columns = net.tensors[result].columns;
    if (t.tiles > columns) {
      return refusal(cuts, t,
                     "they make " + std::to_string(columns) + " columns",
                     "tiles = " + std::to_string(columns) + " or fewer");
    }
    runs.push_back(even_tiles(net, result, t.begin, t.end, t.tiles));
  }
  return runs;
}

Cuts tile_cuts(const Net& net, const TileNet& tiles, const Cuts& cuts) {
  const std::vector<int>& layers = tiles.layers();
  Cuts all;
  all.strategy = cuts.strategy;
  for (size_t p = 0; p < layers.size(); ++p) {
    all.layers.push_back(tile_cut(net.layers[layers[p]], tiles.net().layers[p],
                                  cuts.layers[layers[p]]));
  }
  const auto places = [&](int begin, int end) {
    return places_of(layers, tiles.stops(), {begin, end});
  };
  for (const int stop : tiles.stops()) all.ends.push_back(stop - 1);
  for (const int l : cuts.ends) {
    for (const Segment& r : places(l, l + 1)) all.ends.push_back(r.begin);
  }
  for (const int l : cuts.joined) {
    for (const Segment& r : places(l, l + 2)) {
      if (r.end - r.begin == 2) all.joined.push_back(r.begin);
    }
  }
  for (const BlockChoice& b : cuts.blocks) {
    for (const Segment& r : places(b.begin, b.end)) {
      BlockChoice part = b;
      part.begin = r.begin, part.end = r.end;
      all.blocks.push_back(part);
    }
  }
  for (std::vector<int>* list : {&all.ends, &all.joined}) {
    std::ranges::sort(*list);
    list->erase(std::unique(list->begin(), list->end()), list->end());
  }
  std::ranges::sort(all.blocks, {}, &BlockChoice::begin);
  return all;
}

}  // namespace shoal
