#include "host/plan/cuts/cut_layer.h"

#include <algorithm>
#include <array>
#include <functional>
#include <limits>
#include <numeric>
#include <set>
#include <utility>

#include "host/plan/types/transposition.h"

namespace shoal {
namespace {

int strongest_node(const Crew& crew) {
  const auto at = std::max_element(crew.weights.begin(), crew.weights.end());
  return crew.nodes[static_cast<size_t>(at - crew.weights.begin())];
}

// Returns the place of a cell's node in the crew.
size_t place_of(const Cells& cells, int r, int c, int p) {
  switch (cells.order) {
    case CellOrder::kPartsFirst:
      return static_cast<size_t>((r * cells.columns + c) * cells.parts + p);
    case CellOrder::kPartsBetween:
      return static_cast<size_t>((r * cells.parts + p) * cells.columns + c);
    default:
      return static_cast<size_t>((p * cells.rows + r) * cells.columns + c);
  }
}

// Returns the cells row by row, those of one place one behind the other; some
// may be empty.
std::vector<Share> cell_shares(const Layer& l, const Crew& crew,
                               const Cells& cells) {
  const Box& all = l.out.box;
  const auto weight = [&](int r, int c, int p) {
    return crew.weights[place_of(cells, r, c, p)];
  };
  std::vector<double> rows(static_cast<size_t>(cells.rows));
  std::vector<std::vector<double>> columns(rows.size());
  for (int r = 0; r < cells.rows; ++r) {
    columns[r].resize(static_cast<size_t>(cells.columns));
    for (int c = 0; c < cells.columns; ++c) {
      for (int p = 0; p < cells.parts; ++p) columns[r][c] += weight(r, c, p);
      rows[r] += columns[r][c];
    }
  }
  std::vector<Share> shares;
  const int column_step = column_granule(l), part_step = output_granule(l);
  const std::vector<int> y = cut_extent(all.rows(), rows, row_granule(l));
  for (int r = 0; r < cells.rows; ++r) {
    const std::vector<int> x =
        cut_extent(all.columns(), columns[r], column_step);
    for (int c = 0; c < cells.columns; ++c) {
      std::vector<double> parts;
      for (int p = 0; p < cells.parts; ++p) parts.push_back(weight(r, c, p));
      const std::vector<int> z = cut_extent(all.channels(), parts, part_step);
      for (int p = 0; p < cells.parts; ++p) {
        Share share{crew.nodes[place_of(cells, r, c, p)], all};
        Box& own = share.own;
        own.y0 = all.y0 + y[r], own.y1 = all.y0 + y[r + 1];
        own.x0 = all.x0 + x[c], own.x1 = all.x0 + x[c + 1];
        own.c0 = all.c0 + z[p], own.c1 = all.c0 + z[p + 1];
        shares.push_back(share);
      }
    }
  }
  return shares;
}

// Returns the elements per weight of the node with the most.
double load_of(const std::vector<Share>& shares, const Crew& crew) {
  double load = 0;
  for (size_t i = 0; i < shares.size(); ++i) {
    load = std::max(
        load, static_cast<double>(shares[i].own.elements()) / crew.weights[i]);
  }
  return load;
}

// Returns the cut into the shares that are not empty; one alone is kOne.
LayerCut of_shares(CutKind kind, const Cells& cells,
                   std::vector<Share> shares) {
  std::erase_if(shares, [](const Share& s) { return s.own.empty(); });
  LayerCut cut;
  if (shares.size() != 1) {
    cut.kind = kind;
    cut.rows = cells.rows, cut.columns = cells.columns;
  }
  cut.shares = std::move(shares);
  return cut;
}

// Returns the grid with the fewest inner borders among those with the least
// load.
Cells best_grid(const Layer& l, const Crew& crew) {
  const Box& all = l.out.box;
  const int n = static_cast<int>(crew.nodes.size());
  const int most_rows = can_cut_rows(l) ? std::min(n, all.rows()) : 1;
  const int most_columns = can_cut_columns(l) ? std::min(n, all.columns()) : 1;
  Cells best;
  double least = -1, least_border = 0;
  for (int r = 1; r <= most_rows; ++r) {
    for (int c = 1; c <= most_columns && r * c <= n; ++c) {
      const Crew some = crew.strongest(static_cast<size_t>(r) * c);
      const double load = load_of(cell_shares(l, some, {r, c}), some);
      const double border = double{1} * (r - 1) * all.columns() +
                            double{1} * (c - 1) * all.rows();
      if (least < 0 || load < least * (1 - 1e-9) ||
          (load <= least * (1 + 1e-9) && border < least_border)) {
        best = {r, c}, least = load, least_border = border;
      }
    }
  }
  return best;
}

}  // namespace

double Crew::sum() const {
  return std::accumulate(weights.begin(), weights.end(), 0.0);
}

Crew Crew::strongest(size_t most) const {
  if (most >= nodes.size()) return *this;
  std::vector<size_t> order = by_strength();
  order.resize(most);
  std::sort(order.begin(), order.end());
  return some(order);
}

Crew Crew::sorted() const { return some(by_strength()); }

void Crew::add(const Crew& other, size_t place) {
  nodes.push_back(other.nodes[place]);
  weights.push_back(other.weights[place]);
}

std::vector<size_t> Crew::by_strength() const {
  std::vector<size_t> order(nodes.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::ranges::stable_sort(order, std::greater{},
                           [&](size_t i) { return weights[i]; });
  return order;
}

Crew Crew::some(const std::vector<size_t>& places) const {
  Crew crew;
  for (const size_t place : places) crew.add(*this, place);
  return crew;
}

Crew whole_crew(const Cluster& cluster) {
  std::vector<int> all(cluster.nodes.size());
  std::iota(all.begin(), all.end(), 0);
  return rated_crew(cluster, std::move(all));
}

Crew rated_crew(const Cluster& cluster, std::vector<int> nodes) {
  Crew crew{std::move(nodes), {}};
  for (const int n : crew.nodes) {
    crew.weights.push_back(cluster.nodes[static_cast<size_t>(n)].rating);
  }
  return crew;
}

LayerCut cut_one(const Layer& l, int node) {
  LayerCut cut;
  cut.shares.push_back({node, l.out.box});
  return cut;
}

LayerCut cut_outputs(const Layer& l, const Crew& crew) {
  if (!can_cut_outputs(l)) return cut_one(l, strongest_node(crew));
  const Cells cells{1, 1, static_cast<int>(crew.nodes.size())};
  return of_shares(CutKind::kOutputs, cells, cell_shares(l, crew, cells));
}

LayerCut cut_inputs(const Layer& l, const Crew& all) {
  if (!can_cut_inputs(l)) return cut_outputs(l, all);
  const Box &in = l.in[0].box, &out = l.out.box;
  // A node that sums also owns a slice. Nodes without a slice are left out
  // until each has one.
  Crew crew = all.strongest(
      static_cast<size_t>(std::min(in.channels(), out.channels())));
  std::vector<int> i, o;
  for (size_t k = 0; k < crew.nodes.size();) {
    if (k == 0) {
      i = cut_extent(in.channels(), crew.weights);
      o = cut_extent(out.channels(), crew.weights);
    }
    if (i[k] < i[k + 1] && o[k] < o[k + 1]) {
      ++k;
      continue;
    }
    crew.nodes.erase(crew.nodes.begin() + static_cast<std::ptrdiff_t>(k));
    crew.weights.erase(crew.weights.begin() + static_cast<std::ptrdiff_t>(k));
    k = 0;
  }
  if (crew.nodes.size() < 2) return cut_outputs(l, all);
  LayerCut cut;
  cut.kind = CutKind::kInputs;
  for (size_t k = 0; k < crew.nodes.size(); ++k) {
    Share share{crew.nodes[k], out, in.c0 + i[k], in.c0 + i[k + 1]};
    share.own.c0 = out.c0 + o[k], share.own.c1 = out.c0 + o[k + 1];
    cut.shares.push_back(share);
  }
  return cut;
}

LayerCut cut_grid(const Layer& l, const Crew& all, int rows, int columns) {
  if (!can_cut_rows(l) && !can_cut_columns(l)) return cut_outputs(l, all);
  Crew crew = all;
  crew.nodes.resize(static_cast<size_t>(rows) * columns);
  crew.weights.resize(crew.nodes.size());
  Cells cells{rows, columns};
  const bool too_small =
      (rows > 1 && l.out.box.rows() < rows * row_granule(l)) ||
      (columns > 1 && l.out.box.columns() < columns * column_granule(l));
  if (too_small || (rows > 1 && !can_cut_rows(l)) ||
      (columns > 1 && !can_cut_columns(l))) {
    cells = best_grid(l, crew);
    crew = crew.strongest(static_cast<size_t>(cells.count()));
  }
  return of_shares(CutKind::kGrid, cells, cell_shares(l, crew, cells));
}

LayerCut cut_boxes(std::vector<Share> shares) {
  LayerCut cut;
  cut.shares = std::move(shares);
  std::ranges::sort(cut.shares, {}, [](const Share& s) {
    return std::array{s.own.y0, s.own.x0, s.own.c0};
  });
  std::set<int> rows, columns;
  for (const Share& s : cut.shares) {
    rows.insert(s.own.y0), columns.insert(s.own.x0);
  }
  cut.rows = static_cast<int>(rows.size());
  cut.columns = static_cast<int>(columns.size());
  if (cut.shares.size() > 1) {
    cut.kind = cut.rows * cut.columns > 1 ? CutKind::kGrid : CutKind::kOutputs;
  }
  return cut;
}

std::optional<LayerCut> cut_transposed(const Layer& l,
                                       const LayerCut& operand) {
  std::vector<Share> shares;
  for (const Share& s : operand.shares) {
    const Box in = common(s.own, l.in[0].box);
    if (in.empty()) continue;
    const std::optional<Box> own = transposed_to(l, in);
    if (!own) return std::nullopt;
    shares.push_back({s.node, *own});
  }
  if (shares.empty()) return std::nullopt;
  return cut_boxes(std::move(shares));
}

namespace {

bool has_room(const Layer& l, const Cells& cells) {
  const Box& all = l.out.box;
  if (cells.rows > 1 &&
      (!can_cut_rows(l) || all.rows() < cells.rows * row_granule(l))) {
    return false;
  }
  if (cells.columns > 1 &&
      (!can_cut_columns(l) ||
       all.columns() < cells.columns * column_granule(l))) {
    return false;
  }
  return cells.parts == 1 ||
         (can_cut_outputs(l) &&
          all.channels() >= cells.parts * output_granule(l));
}

}  // namespace

std::optional<LayerCut> cut_cells(const Layer& l, const Crew& crew,
                                  const Cells& cells) {
  if (!has_room(l, cells) ||
      crew.nodes.size() < static_cast<size_t>(cells.count())) {
    return std::nullopt;
  }
  return of_shares(
      cells.parts == cells.count() ? CutKind::kOutputs : CutKind::kGrid, cells,
      cell_shares(l, crew, cells));
}

namespace {

std::optional<LayerCut> of_bands(const Layer& l,
                                 const std::vector<Crew>& bands) {
  Cells cells{static_cast<int>(bands.size()), 1};
  std::vector<double> sums;
  for (const Crew& band : bands) {
    cells.columns =
        std::max(cells.columns, static_cast<int>(band.nodes.size()));
    sums.push_back(band.sum());
  }
  if (!has_room(l, cells)) return std::nullopt;
  const Box& all = l.out.box;
  const std::vector<int> y = cut_extent(all.rows(), sums, row_granule(l));
  std::vector<Share> shares;
  for (size_t r = 0; r < bands.size(); ++r) {
    const Crew& band = bands[r];
    const std::vector<int> x =
        cut_extent(all.columns(), band.weights, column_granule(l));
    for (size_t c = 0; c < band.nodes.size(); ++c) {
      Share share{band.nodes[c], all};
      Box& own = share.own;
      own.y0 = all.y0 + y[r], own.y1 = all.y0 + y[r + 1];
      own.x0 = all.x0 + x[c], own.x1 = all.x0 + x[c + 1];
      shares.push_back(share);
    }
  }
  return of_shares(CutKind::kGrid, cells, std::move(shares));
}

// Divides the nodes, in their order, so that the sum over bands of their
// weights' squares is the least, which makes bands nearly equal.
std::vector<Crew> divided(const Crew& crew, size_t bands) {
  constexpr double kNone = std::numeric_limits<double>::infinity();
  const size_t n = crew.nodes.size();
  std::vector<double> best(n + 1, kNone);  // by the number of nodes so far
  best[0] = 0;
  std::vector<std::vector<size_t>> from(bands, std::vector<size_t>(n + 1));
  for (size_t b = 0; b < bands; ++b) {
    std::vector<double> next(n + 1, kNone);
    for (size_t begin = b; begin < n; ++begin) {
      double weight = 0;
      for (size_t end = begin + 1; end <= n; ++end) {
        weight += crew.weights[end - 1];
        const double sum = best[begin] + weight * weight;
        if (sum < next[end]) next[end] = sum, from[b][end] = begin;
      }
    }
    best = std::move(next);
  }
  std::vector<Crew> all(bands);
  for (size_t b = bands, end = n; b-- > 0;) {
    const size_t begin = from[b][end];
    for (size_t i = begin; i < end; ++i) all[b].add(crew, i);
    end = begin;
  }
  return all;
}

// Returns the bands of shares that have all channels; none if they have none.
std::vector<Crew> bands_of(const Layer& l, const LayerCut& cut,
                           const Crew& crew) {
  std::vector<Crew> bands;
  const Box* last = nullptr;
  for (size_t i = 0; i < cut.shares.size(); ++i) {
    const Box& own = cut.shares[i].own;
    if (own.channels() != l.out.box.channels()) return {};
    if (!last || own.y0 != last->y0) {
      bands.emplace_back();
    } else if (own.y1 != last->y1) {
      return {};
    }
    bands.back().add(crew, i);
    last = &own;
  }
  return std::ssize(bands) == cut.rows ? bands : std::vector<Crew>();
}

}  // namespace

std::optional<LayerCut> cut_bands(const Layer& l, const Crew& crew, int bands) {
  const size_t n = crew.nodes.size();
  if (bands < 1 || n < static_cast<size_t>(bands)) return std::nullopt;
  const bool equal = std::ranges::all_of(
      crew.weights, [&](double w) { return w == crew.weights.front(); });
  size_t side = 1;
  for (size_t d = 1; d * d <= n; ++d) {
    if (n % d == 0) side = d;
  }
  if (equal && n <= 2 * side * side) return std::nullopt;
  const std::vector<Crew> all =
      divided(crew.sorted(), static_cast<size_t>(bands));
  const bool alike = std::ranges::all_of(all, [&](const Crew& band) {
    return band.nodes.size() == all.front().nodes.size();
  });
  return alike ? std::nullopt : of_bands(l, all);
}

std::optional<LayerCut> reweighed(const Layer& l, const LayerCut& cut,
                                  const std::vector<double>& weights) {
  Crew crew;
  for (const Share& s : cut.shares) {
    crew.nodes.push_back(s.node);
    crew.weights.push_back(weights[static_cast<size_t>(s.node)]);
  }
  const auto count = static_cast<int>(cut.shares.size());
  if (count < 2 ||
      std::ranges::any_of(crew.weights, [](double w) { return w <= 0; })) {
    return std::nullopt;
  }
  if (cut.kind == CutKind::kInputs) return cut_inputs(l, crew);
  // Shares are in the order of cells.
  const int places = cut.rows * cut.columns;
  if (count % places == 0) {
    return cut_cells(l, crew, {cut.rows, cut.columns, count / places});
  }
  const std::vector<Crew> bands = bands_of(l, cut, crew);
  if (bands.empty()) return std::nullopt;
  return of_bands(l, bands);
}

}  // namespace shoal
