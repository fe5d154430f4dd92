#include "tests/random_cluster.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>
#include <optional>
#include <random>
#include <sstream>
#include <vector>

#include "host/base/error.h"
#include "host/board/board.h"
#include "host/plan/cuts/cut_layer.h"
#include "host/plan/draft/tile_net.h"

namespace shoal {
namespace {

class Dice {
 public:
  // `purpose`: cases that differ elsewhere throw the same for it.
  Dice(const ClusterCase& c, uint32_t purpose)
      : random_(c.seed * 2654435761u + purpose) {}
  int pick(int low, int high) {
    return low +
           static_cast<int>(random_() % static_cast<uint32_t>(high - low + 1));
  }
  bool chance(int one_in) { return pick(1, one_in) == 1; }
  // Some of the nodes in any order.
  std::vector<int> nodes(int all) {
    std::vector<int> order(static_cast<size_t>(all));
    std::iota(order.begin(), order.end(), 0);
    if (chance(2)) std::shuffle(order.begin(), order.end(), random_);
    if (chance(3)) order.resize(static_cast<size_t>(pick(1, all)));
    return order;
  }

 private:
  std::mt19937 random_;
};

// How a run of layers is cut by hand: borders are fractions of the extent.
struct Rule {
  CutKind kind = CutKind::kOne;
  std::vector<int> nodes;
  std::vector<double> rows, columns, channels;  // inner borders, ascending
};

std::vector<double> any_fractions(Dice& dice, int parts) {
  std::vector<double> all;
  for (int i = 1; i < parts; ++i) all.push_back(dice.pick(1, 99) / 100.0);
  std::sort(all.begin(), all.end());
  return all;
}

Rule any_rule(Dice& dice, int nodes) {
  Rule rule;
  rule.nodes = dice.nodes(nodes);
  const int n = static_cast<int>(rule.nodes.size());
  const int rows = dice.pick(1, n);
  rule.rows = any_fractions(dice, rows);
  rule.columns = any_fractions(dice, n / rows);
  rule.channels = any_fractions(dice, n);
  static constexpr CutKind kKinds[] = {
      CutKind::kOne,  CutKind::kOutputs, CutKind::kOutputs, CutKind::kInputs,
      CutKind::kGrid, CutKind::kGrid,    CutKind::kGrid};
  rule.kind = kKinds[dice.pick(0, 6)];
  return rule;
}

std::vector<int> borders(const std::vector<double>& fractions, int begin,
                         int end, int granule, bool may_cut = true) {
  std::vector<int> all{begin};
  for (const double f : may_cut ? fractions : std::vector<double>{}) {
    const int units = static_cast<int>(std::lround(f * (end - begin)));
    all.push_back(begin + units / granule * granule);
  }
  all.push_back(end);
  return all;
}

std::vector<Share> grid_shares(const Layer& l, const Rule& rule) {
  const Box& all = l.out.box;
  const std::vector<int> y =
      borders(rule.rows, all.y0, all.y1, row_granule(l), can_cut_rows(l));
  const std::vector<int> x = borders(rule.columns, all.x0, all.x1,
                                     column_granule(l), can_cut_columns(l));
  std::vector<Share> shares;
  size_t node = 0;
  for (size_t r = 0; r + 1 < y.size(); ++r) {
    for (size_t c = 0; c + 1 < x.size(); ++c, ++node) {
      Share share{rule.nodes[node], all};
      share.own.y0 = y[r], share.own.y1 = y[r + 1];
      share.own.x0 = x[c], share.own.x1 = x[c + 1];
      if (!share.own.empty()) shares.push_back(share);
    }
  }
  return shares;
}

std::vector<Share> output_shares(const Layer& l, const Rule& rule) {
  const Box& all = l.out.box;
  const std::vector<int> c =
      borders(rule.channels, all.c0, all.c1, output_granule(l));
  std::vector<Share> shares;
  for (size_t i = 0; i < rule.nodes.size(); ++i) {
    Share share{rule.nodes[i], all};
    share.own.c0 = c[i], share.own.c1 = c[i + 1];
    if (!share.own.empty()) shares.push_back(share);
  }
  return shares;
}

// A node that sums owns a slice, too.
std::vector<Share> input_shares(const Layer& l, const Rule& rule) {
  const Box &in = l.in[0].box, &out = l.out.box;
  const int most = std::min(
      {static_cast<int>(rule.nodes.size()), in.channels(), out.channels()});
  const auto even = [most](int begin, int extent, int i) {
    return begin + extent * i / most;
  };
  // Uneven where there is room: one channel more for the first.
  const int wish_in = in.channels() > 2 * most ? 1 : 0;
  std::vector<Share> shares;
  for (int i = 0; i < most; ++i) {
    Share share{rule.nodes[static_cast<size_t>(i)], out};
    share.own.c0 = even(out.c0, out.channels(), i);
    share.own.c1 = even(out.c0, out.channels(), i + 1);
    share.in0 = even(in.c0, in.channels(), i) + (i > 0 ? wish_in : 0);
    share.in1 = i + 1 < most ? even(in.c0, in.channels(), i + 1) + wish_in
                             : in.c0 + in.channels();
    shares.push_back(share);
  }
  return shares;
}

LayerCut cut_by(const Rule& rule, const Layer& l) {
  LayerCut cut;
  if (rule.kind == CutKind::kGrid) {
    cut.shares = grid_shares(l, rule);
    cut.rows = static_cast<int>(rule.rows.size()) + 1;
    cut.columns = static_cast<int>(rule.columns.size()) + 1;
  } else if (rule.kind == CutKind::kOutputs && can_cut_outputs(l)) {
    cut.shares = output_shares(l, rule);
  } else if (rule.kind == CutKind::kInputs && can_cut_inputs(l)) {
    cut.shares = input_shares(l, rule);
  }
  cut.kind = rule.kind;
  if (cut.shares.size() < 2) {
    const int node = cut.shares.empty() ? rule.nodes[0] : cut.shares[0].node;
    cut = LayerCut{};
    cut.shares.push_back({node, l.out.box});
  }
  return cut;
}

Cuts cuts_by_hand(const ClusterCase& c, const Net& net) {
  Cuts cuts;
  cuts.strategy = "by hand";
  const int layers = static_cast<int>(net.layers.size());
  Dice dice(c, 11), halos(c, 14);
  const int longest = dice.pick(1, 6);
  const bool joins = dice.chance(3), bands = dice.chance(3);
  for (int begin = 0; begin < layers;) {
    const int end = std::min(layers, begin + dice.pick(1, longest));
    const Rule rule = any_rule(dice, c.nodes);
    for (int l = begin; l < end; ++l) {
      cuts.layers.push_back(cut_by(rule, net.layers[static_cast<size_t>(l)]));
      cuts.layers.back().sends_halo = halos.chance(3);
    }
    if (dice.chance(4)) cuts.ends.push_back(end - 1);
    const bool join = dice.chance(2);
    for (int l = begin; joins && join && l + 1 < end; ++l) {
      cuts.joined.push_back(l);
    }
    BlockChoice block{begin, end, {}, 1};
    if (bands && dice.chance(2)) block.band = dice.pick(1, 5);
    if (dice.chance(4)) block.groups = dice.pick(2, 4);
    if (block.band || block.groups > 1) cuts.blocks.push_back(block);
    begin = end;
  }
  return cuts;
}

Cuts cuts_in_columns(const ClusterCase& c, const Net& net,
                     const Cluster& cluster) {
  Cuts cuts;
  cuts.strategy = "columns";
  Dice dice(c, 15);
  const int layers = static_cast<int>(net.layers.size());
  for (int l = 0; l < layers; ++l) {
    cuts.layers.push_back(cut_grid(net.layers[static_cast<size_t>(l)],
                                   whole_crew(cluster), 1, c.nodes));
    if (dice.chance(6)) cuts.ends.push_back(l);
  }
  if (dice.chance(2)) {
    send_halos(net, cuts);
  } else {
    for (LayerCut& cut : cuts.layers) cut.sends_halo = !dice.chance(3);
  }
  if (cuts.ends.empty() && layers > 0) {  // else groups may be in the way
    cuts.blocks.push_back({0, layers, std::nullopt, dice.pick(2, 4)});
  }
  return cuts;
}

Cuts cuts_by_cells(const ClusterCase& c, const Net& net,
                   const Cluster& cluster) {
  Cuts cuts;
  cuts.strategy = "cells";
  Dice dice(c, 13);
  const int layers = static_cast<int>(net.layers.size());
  const int longest = dice.pick(1, 4);
  for (int begin = 0; begin < layers;) {
    const int end = std::min(layers, begin + dice.pick(1, longest));
    Crew crew;
    crew.nodes = dice.nodes(c.nodes);
    for (const int n : crew.nodes) {
      crew.weights.push_back(cluster.nodes[static_cast<size_t>(n)].rating);
    }
    const int n = static_cast<int>(crew.nodes.size());
    Cells cells;
    cells.rows = dice.pick(1, n);
    cells.columns = dice.pick(1, n / cells.rows);
    cells.parts = n / (cells.rows * cells.columns);
    cells.order = static_cast<CellOrder>(dice.pick(0, 2));
    for (int l = begin; l < end; ++l) {
      const Layer& layer = net.layers[static_cast<size_t>(l)];
      std::optional<LayerCut> cut = cut_cells(layer, crew, cells);
      cuts.layers.push_back(cut ? *cut : cut_inputs(layer, crew));
    }
    begin = end;
  }
  return cuts;
}

std::string list_text(const std::vector<int>& all) {
  std::string text;
  for (const int n : all) {
    text += (text.empty() ? "" : ", ") + std::to_string(n);
  }
  return "[" + text + "]";
}

// A cut that the first layer of the block can take.
std::string any_cut_text(Dice& dice, const Layer& l, int nodes) {
  const std::vector<int> some = dice.nodes(nodes);
  const int n = static_cast<int>(some.size());
  std::string who = "nodes = " + list_text(some) + "\n";
  if (dice.chance(3)) {
    std::vector<int> weights;
    for (int i = 0; i < n; ++i) weights.push_back(dice.pick(1, 9));
    who += "weights = " + list_text(weights) + "\n";
  }
  const std::vector<std::string>& strategies = strategy_names();
  const int rows = dice.pick(1, n);
  switch (dice.pick(0, 6)) {
    case 0:
      return "node = " + std::to_string(some[0]) + "\n";
    case 1:
      return "strategy = \"" +
             strategies[size_t(
                 dice.pick(0, static_cast<int>(strategies.size()) - 1))] +
             "\"\n";
    case 2:
      if (can_cut_outputs(l)) return "outputs = true\n" + who;
      break;
    case 3:
      if (can_cut_inputs(l)) return "inputs = true\n" + who;
      break;
    default:
      if (!can_cut_rows(l) || !can_cut_columns(l)) break;
      // Weights have to be as many as take part.
      return "rows = " + std::to_string(rows) +
             "\ncolumns = " + std::to_string(n / rows) + "\n" +
             (rows * (n / rows) == n ? who : "");
  }
  return "node = " + std::to_string(some[0]) + "\n";
}

std::string cuts_file(const ClusterCase& c, const Net& net) {
  Dice dice(c, 12), halos(c, 16);
  const int layers = static_cast<int>(net.layers.size());
  std::string text = dice.chance(2) ? "[default]\noutputs = true\n"
                                    : "[default]\nstrategy = \"spatial\"\n";
  const int longest = dice.pick(1, 8);
  const bool joins = dice.chance(3);
  for (int begin = 0; begin < layers;) {
    const int end = std::min(layers, begin + dice.pick(1, longest));
    if (!dice.chance(5)) {
      text +=
          "\n[[block]]\nlayers = \"" + std::to_string(begin) + "-" +
          std::to_string(end - 1) + "\"\n" +
          any_cut_text(dice, net.layers[static_cast<size_t>(begin)], c.nodes);
      if (dice.chance(4)) text += "end = true\n";
      if (dice.chance(2) && joins) text += "joined = true\n";
      if (halos.chance(3)) text += "send_halo = true\n";
      if (dice.chance(4)) {
        text += "band = " + std::to_string(dice.pick(1, 5)) + "\n";
      }
      if (dice.chance(5)) {
        text += "groups = " + std::to_string(dice.pick(2, 4)) + "\n";
      }
    }
    begin = end;
  }
  return text;
}

// Runs that may be in tiles, of cuts that are made in another style.
Cuts cuts_in_tiles(const ClusterCase& c, const Net& net,
                   const Cluster& cluster) {
  static constexpr CutStyle kStyles[] = {CutStyle::kKernel, CutStyle::kSpatial,
                                         CutStyle::kByHand, CutStyle::kCells,
                                         CutStyle::kColumns};
  Dice dice(c, 17);
  ClusterCase other = c;
  other.style = kStyles[dice.pick(0, 4)];
  std::string none;
  Cuts cuts = random_cuts(other, net, cluster, none);
  const std::vector<TensorUses> uses = find_uses(net);
  const int layers = static_cast<int>(net.layers.size());
  int behind = 0;
  for (int draw = 0; draw < 30 && layers > 0; ++draw) {
    const int begin = dice.pick(0, layers - 1);
    const int end = begin + dice.pick(1, 8);
    if (begin < behind || end > layers) continue;
    const int result = tile_result(net, uses, begin, end, true);
    if (result < 0 || net.tensors[size_t(result)].columns < 2) continue;
    const int most = std::min(5, net.tensors[size_t(result)].columns);
    cuts.tiles.push_back({begin, end, dice.pick(2, most)});
    behind = end;
  }
  return cuts;
}

std::string box_text(const Box& b) {
  std::ostringstream out;
  out << "[" << b.y0 << "," << b.y1 << ")[" << b.x0 << "," << b.x1 << ")["
      << b.c0 << "," << b.c1 << ")";
  return out.str();
}

std::array<int, 11> numbers(const ClusterCase& c) {
  return {c.steps,  c.nodes,     static_cast<int>(c.style),
          c.loss,   c.duplicate, c.reorder,
          c.jitter, c.payload,   c.secure,
          c.costs,  c.radio};
}

}  // namespace

std::string to_text(const ClusterCase& c) {
  std::string text = std::to_string(c.seed);
  for (const int n : numbers(c)) text += "," + std::to_string(n);
  return text;
}

ClusterCase from_text(const std::string& text) {
  std::istringstream in(text);
  ClusterCase c;
  std::array<int, 11> n{};
  char comma = ',';
  in >> c.seed;
  for (int& i : n) {
    if (!(in >> comma >> i) || comma != ',') {
      throw Error(Exit::kUsage, "not a case: " + text);
    }
  }
  c.steps = n[0], c.nodes = n[1], c.style = static_cast<CutStyle>(n[2]);
  c.loss = n[3], c.duplicate = n[4], c.reorder = n[5];
  c.jitter = n[6], c.payload = n[7];
  c.secure = n[8] != 0, c.costs = n[9] != 0, c.radio = n[10] != 0;
  return c;
}

Cluster random_cluster(const ClusterCase& c) {
  Dice dice(c, 10);
  const bool uneven = dice.chance(2);
  const int boards = dice.pick(0, 2);
  Cluster cluster = uniform_cluster(
      c.nodes, find_board(boards == 0 ? "teensy41" : "host"), {});
  for (ClusterNode& node : cluster.nodes) {
    if (boards == 2 && dice.chance(2)) node.board = find_board("teensy41");
    node.rating = uneven ? dice.pick(1, 8) : 1;
  }
  return cluster;
}

Cuts random_cuts(const ClusterCase& c, const Net& net, const Cluster& cluster,
                 std::string& toml) {
  switch (c.style) {
    case CutStyle::kLayer:
      return make_cuts(net, cluster, {"layer"});
    case CutStyle::kKernel:
      return make_cuts(net, cluster, {"kernel"});
    case CutStyle::kSpatial:
      return make_cuts(net, cluster, {"spatial"});
    case CutStyle::kFile:
      toml = cuts_file(c, net);
      return parse_cuts("random.toml", toml, net, cluster);
    case CutStyle::kByHand:
      return cuts_by_hand(c, net);
    case CutStyle::kCells:
      return cuts_by_cells(c, net, cluster);
    case CutStyle::kColumns:
      return cuts_in_columns(c, net, cluster);
    case CutStyle::kTiles:
      return cuts_in_tiles(c, net, cluster);
    case CutStyle::kAuto:
      return make_cuts(net, cluster, {"spatial"});
  }
  throw Error(Exit::kUsage, "a style of cuts that is none");
}

std::string describe(const Net& net, const Cuts& cuts) {
  static constexpr const char* kKinds[] = {"one", "grid", "outputs", "inputs"};
  std::ostringstream out;
  for (size_t l = 0; l < cuts.layers.size(); ++l) {
    const LayerCut& cut = cuts.layers[l];
    out << "  " << l << " op " << static_cast<int>(net.layers[l].op) << " "
        << kKinds[static_cast<int>(cut.kind)]
        << (cut.sends_halo ? " sends its halo" : "");
    for (const Share& s : cut.shares) {
      out << " " << s.node << box_text(s.own);
      if (s.in0 < s.in1) out << " of inputs " << s.in0 << "-" << s.in1;
    }
    out << "\n";
  }
  out << "  ends " << list_text(cuts.ends) << " joined "
      << list_text(cuts.joined) << "\n";
  for (const BlockChoice& b : cuts.blocks) {
    out << "  layers " << b.begin << " to " << b.end - 1 << ": band "
        << b.band.value_or(0) << ", groups " << b.groups << "\n";
  }
  for (const TileChoice& t : cuts.tiles) {
    out << "  layers " << t.begin << " to " << t.end - 1 << " in " << t.tiles
        << " tiles\n";
  }
  return out.str();
}

}  // namespace shoal
