// The named strategies: cuts for all layers of a net.
#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <utility>

#include "host/base/error.h"
#include "host/plan/cost/time.h"
#include "host/plan/cuts/cut_layer.h"
#include "host/plan/cuts/heads.h"
#include "host/plan/types/beyond.h"
#include "host/plan/types/tuning.h"

namespace shoal {
namespace {

// Returns the modelled compute time of a whole layer on a node whose rating may
// differ from its board's.
double layer_seconds(const Net& net, int layer, const ClusterNode& node) {
  const LayerWork work{1, std::max(1, net.layers[layer].kernel_h)};
  const LayerTime t = layer_time(net, layer, work, node.board);
  return static_cast<double>(t.compute_ps) * 1e-12 * board_rating(node.board) /
         node.rating;
}

Cuts named(const StrategyOptions& options) {
  Cuts cuts;
  cuts.strategy = options.strategy;
  return cuts;
}

// Cuts layers one after the other: as `make` says, but a transposition as its
// operand is, so that each node moves what it has.
class CutList {
 public:
  CutList(const Net& net, const Crew& crew, Cuts& cuts)
      : crew_(crew), cuts_(cuts), writer_(net.tensors.size(), kNone) {}

  template <class Make>
  void add(const Layer& l, const Make& make) {
    LayerCut cut = l.op == OpCode::kTranspose ? transposed(l) : make();
    int& writer = writer_[l.out.tensor];
    writer = writer == kNone ? static_cast<int>(cuts_.layers.size()) : kSeveral;
    cuts_.layers.push_back(std::move(cut));
  }

 private:
  LayerCut transposed(const Layer& l) const {
    const int writer = writer_[l.in[0].tensor];
    std::optional<LayerCut> same;
    if (writer >= 0) same = cut_transposed(l, cuts_.layers[writer]);
    return same ? *std::move(same) : cut_one(l, crew_.strongest(1).nodes[0]);
  }

  static constexpr int kNone = -1, kSeveral = -2;
  const Crew& crew_;
  Cuts& cuts_;
  std::vector<int> writer_;  // the layer that makes a tensor alone
};

Cuts kernel_cuts(const Net& net, const Cluster& cluster,
                 const StrategyOptions& options) {
  Cuts cuts = named(options);
  const Crew crew = whole_crew(cluster);
  const int n = static_cast<int>(crew.nodes.size());
  std::vector<CutKind> made(net.tensors.size(), CutKind::kOne);
  CutList list(net, crew, cuts);
  for (const Layer& l : net.layers) {
    // A layer with a single output channel (or one that multiplies a single
    // input channel) can only be cut by position, and the layers after it stay
    // cut so. The same is true of means and softmax over the channels of many
    // tokens or pixels.
    const bool follows =
        l.in[0].tensor >= 0 && made[l.in[0].tensor] == CutKind::kGrid;
    const bool by_place =
        !can_cut_outputs(l) && (l.macs > 0 || follows || l.out.box.rows() >= n);
    list.add(l, [&] {
      return by_place ? cut_grid(l, crew, n, 1) : cut_outputs(l, crew);
    });
    made[l.out.tensor] = cuts.layers.back().kind;
  }
  return cuts;
}

// Returns the ends of contiguous runs of layers, one per node, whose longest
// run takes the least time. Each node has a layer as long as there are enough.
std::vector<int> balanced_runs(const std::vector<std::vector<double>>& passed) {
  const int nodes = static_cast<int>(passed.size());
  const int layers = static_cast<int>(passed[0].size()) - 1;
  const int busy = std::min(nodes, layers);
  std::vector<std::vector<int>> from(
      nodes + 1, std::vector<int>(static_cast<size_t>(layers) + 1, 0));
  std::vector<double> best(static_cast<size_t>(layers) + 1, kFar);
  best[0] = 0;
  for (int n = 1; n <= busy; ++n) {
    std::vector<double> next(best.size(), kFar);
    for (int end = n; end <= layers; ++end) {
      for (int begin = n - 1; begin < end; ++begin) {
        const double run = passed[n - 1][end] - passed[n - 1][begin];
        const double longest = std::max(best[begin], run);
        if (longest < next[end]) next[end] = longest, from[n][end] = begin;
      }
    }
    best = std::move(next);
  }
  std::vector<int> ends(nodes, layers);
  for (int n = busy; n > 1; --n) ends[n - 2] = from[n][ends[n - 1]];
  return ends;
}

Cuts layer_cuts(const Net& net, const Cluster& cluster,
                const StrategyOptions& options) {
  Cuts cuts = named(options);
  const int layers = static_cast<int>(net.layers.size());
  std::vector<std::vector<double>> passed;
  for (const ClusterNode& node : cluster.nodes) {
    std::vector<double>& sum = passed.emplace_back(1, 0.0);
    for (int l = 0; l < layers; ++l) {
      sum.push_back(sum.back() + layer_seconds(net, l, node));
    }
  }
  const std::vector<int> ends = balanced_runs(passed);
  int node = 0;
  for (int l = 0; l < layers; ++l) {
    while (l >= ends[node]) ++node;
    cuts.layers.push_back(cut_one(net.layers[l], node));
  }
  return cuts;
}

// Returns the bytes of `box` that the node does not own in the tensor, and so
// has to compute itself or receive.
int64_t foreign_bytes(const Net& net, const Cuts& cuts,
                      const std::vector<std::vector<int>>& writers,
                      const View& view, const Box& box, int node) {
  int64_t bytes = box.empty() ? 0 : box.elements();
  for (int writer : writers[view.tensor]) {
    for (const Share& s : cuts.layers[writer].shares) {
      if (s.node != node) continue;
      const Box both = common(s.own, box);
      if (!both.empty()) bytes -= both.elements();
    }
  }
  return bytes * net.tensors[view.tensor].element_bytes;
}

// Returns the measure of a grid, in seconds: for each layer the time of the
// slowest node, and the time that its link would take for what the layer reads
// of other nodes' boxes. Inputs of the net come from outside with any cuts and
// do not count.
double grid_seconds(const Net& net, const Cluster& cluster, const Cuts& cuts) {
  std::vector<std::vector<int>> writers(net.tensors.size());
  double sum = 0;
  for (size_t i = 0; i < net.layers.size(); ++i) {
    const Layer& l = net.layers[i];
    double longest = 0;
    for (const Share& s : cuts.layers[i].shares) {
      const ClusterNode& node = cluster.nodes[s.node];
      const double part = static_cast<double>(s.own.elements()) /
                          static_cast<double>(l.out.box.elements());
      double seconds = part * layer_seconds(net, static_cast<int>(i), node);
      for (int operand = 0; operand < 2; ++operand) {
        const View& in = l.in[operand];
        if (in.tensor < 0 || writers[in.tensor].empty()) continue;
        const int64_t bytes = foreign_bytes(
            net, cuts, writers, in, needed_box(l, operand, s.own), s.node);
        if (node.board.link_bits_per_s > 0) {
          seconds +=
              8.0 * static_cast<double>(bytes) / node.board.link_bits_per_s;
        }
      }
      longest = std::max(longest, seconds);
    }
    sum += longest;
    writers[l.out.tensor].push_back(static_cast<int>(i));
  }
  return sum;
}

Cuts grid_cuts(const Net& net, const Cluster& cluster,
               const StrategyOptions& options, int rows, int columns) {
  Cuts cuts = named(options);
  const Crew crew = whole_crew(cluster);
  CutList list(net, crew, cuts);
  for (const Layer& l : net.layers) {
    list.add(l, [&] { return cut_grid(l, crew, rows, columns); });
  }
  return cuts;
}

// The most of an arena that a layer's weights may take, since each node of a
// grid holds all of them while its rows pass; and that rows may take, all of
// which a node holds while the weights pass.
constexpr int64_t kWeightsPart = 3;
constexpr double kRowsPart = 0.285;

int64_t rows_at_once(const Layer& l, const LayerCut& grid) {
  int64_t most = 0;
  for (const Share& s : grid.shares) {
    const Box in = needed_box(l, 0, s.own);
    most = std::max(most, s.own.elements() + (in.empty() ? 0 : in.elements()));
  }
  return most;
}

// In a grid, all of a layer's weights from storage pass through each node's
// arena. Layers whose weights are too large for that are cut by outputs, and so
// are those after them that work channel by channel.
Cuts with_weights_apart(const Net& net, const Cluster& cluster, Cuts cuts) {
  int64_t arena = kBeyond;
  for (const ClusterNode& n : cluster.nodes) {
    if (!n.board.flash_mapped) arena = std::min(arena, n.plan_budget());
  }
  if (arena == kBeyond) return cuts;
  const Crew crew = whole_crew(cluster);
  std::vector<bool> apart(net.tensors.size(), false);
  Cuts all = named({cuts.strategy});
  CutList list(net, crew, all);
  for (size_t i = 0; i < net.layers.size(); ++i) {
    const Layer& l = net.layers[i];
    const bool follows = l.in[0].tensor >= 0 && apart[l.in[0].tensor];
    const bool mixes = !l.weights.empty() && l.op != OpCode::kDepthwise;
    const bool heavy = weight_bytes(l) > arena / kWeightsPart;
    const bool tall = static_cast<double>(rows_at_once(l, cuts.layers[i])) >
                      kRowsPart * static_cast<double>(arena);
    if (!(heavy && tall) && (mixes || !follows)) {
      list.add(l, [&] { return std::move(cuts.layers[i]); });
      continue;
    }
    list.add(l, [&] { return cut_outputs(l, crew); });
    apart[l.out.tensor] = true;
  }
  return all;
}

Cuts spatial_cuts(const Net& net, const Cluster& cluster,
                  const StrategyOptions& options) {
  const int n = static_cast<int>(cluster.nodes.size());
  int rows = options.grid_rows, columns = options.grid_columns;
  if (rows < 0 || columns < 0 || rows > n || columns > n ||
      rows * columns > n) {
    throw Error(Exit::kUsage,
                "a grid of " + std::to_string(rows) + " x " +
                    std::to_string(columns) + " needs more nodes than the " +
                    std::to_string(n) + " of the cluster",
                "choose rows x columns of at most " + std::to_string(n));
  }
  // Given rows or columns apply to all layers.
  if (rows > 0 || columns > 0) {
    if (rows == 0) rows = n / columns;
    if (columns == 0) columns = n / rows;
    return grid_cuts(net, cluster, options, rows, columns);
  }
  Cuts best;
  double least = kFar;
  for (rows = 1; rows <= n; ++rows) {  // fewest rows first
    if (n % rows != 0) continue;
    Cuts cuts = grid_cuts(net, cluster, options, rows, n / rows);
    const double seconds = grid_seconds(net, cluster, cuts);
    if (seconds < least * (1 - tuning::kClearly))
      best = std::move(cuts), least = seconds;
  }
  return with_weights_apart(net, cluster, std::move(best));
}

Cuts heads_cuts(const Net& net, const Cluster& cluster,
                const StrategyOptions& options) {
  return with_heads_apart(net, whole_crew(cluster),
                          spatial_cuts(net, cluster, options));
}

struct NamedStrategy {
  const char* name;
  Cuts (*cuts)(const Net&, const Cluster&, const StrategyOptions&);
  bool (*suits)(const Net&) = nullptr;  // null: all nets
};
constexpr NamedStrategy kStrategies[] = {{"spatial", spatial_cuts},
                                         {"kernel", kernel_cuts},
                                         {"layer", layer_cuts},
                                         {"heads", heads_cuts, has_heads}};

template <class Which>
std::vector<std::string> names_of(const Which& which) {
  std::vector<std::string> names;
  for (const NamedStrategy& s : kStrategies) {
    if (which(s)) names.emplace_back(s.name);
  }
  return names;
}

}  // namespace

Cuts make_cuts(const Net& net, const Cluster& cluster,
               const StrategyOptions& options) {
  if (cluster.nodes.empty()) {
    throw Error(Exit::kUsage, "a cluster without nodes");
  }
  for (const NamedStrategy& s : kStrategies) {
    if (options.strategy == s.name) return s.cuts(net, cluster, options);
  }
  throw Error(Exit::kUsage, "unknown strategy '" + options.strategy + "'",
              "one of: " + strategy_list());
}

const std::vector<std::string>& strategy_names() {
  static const std::vector<std::string> names =
      names_of([](const NamedStrategy&) { return true; });
  return names;
}

std::vector<std::string> general_strategies() {
  return names_of([](const NamedStrategy& s) { return !s.suits; });
}

std::vector<std::string> strategies_for(const Net& net) {
  return names_of(
      [&](const NamedStrategy& s) { return !s.suits || s.suits(net); });
}

std::string strategy_list() {
  return fmt::format("{}", fmt::join(strategy_names(), ", "));
}

Cuts make_cuts_over(const Net& net, const Cluster& cluster,
                    std::vector<int> nodes, const StrategyOptions& options) {
  std::ranges::sort(nodes);
  Cluster some;
  for (const int n : nodes) {
    some.nodes.push_back(cluster.nodes[static_cast<size_t>(n)]);
  }
  Cuts cuts = make_cuts(net, some, options);
  for (LayerCut& cut : cuts.layers) {
    for (Share& share : cut.shares) {
      share.node = nodes[static_cast<size_t>(share.node)];
    }
  }
  return cuts;
}

}  // namespace shoal
