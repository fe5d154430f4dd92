#include "host/plan/planner/cut_estimate.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <utility>

#include "host/plan/cost/link_time.h"
#include "host/plan/cost/supply.h"
#include "host/plan/cost/tape.h"
#include "host/plan/cost/time.h"
#include "host/plan/cuts/cuts.h"
#include "host/plan/planner/node_kinds.h"
#include "host/plan/types/boxes.h"
#include "host/plan/types/deadline.h"
#include "host/plan/types/tuning.h"

namespace shoal {
namespace {

// The options of a layer for which costs of edges are kept.
constexpr int kStride = 64;
constexpr int64_t kForbidden = INT64_MAX / 1024;

Box needed(const Layer& l, int operand, const CutOption& o, int node) {
  const Box& own = o.own[node];
  if (own.empty()) return {};
  const bool sums = o.cut.kind == CutKind::kInputs;
  Box box = needed_box(l, operand, sums ? l.out.box : own);
  if (!sums) return box;
  for (const Share& s : o.cut.shares) {
    if (s.node == node) box.c0 = s.in0, box.c1 = s.in1;
  }
  return box;
}

int64_t size(const Box& box) { return box.empty() ? 0 : box.elements(); }

// Returns the numbers of nodes that may share a layer, the largest first.
std::vector<int> counts(int nodes) {
  std::vector<int> all;
  for (int n = nodes; n >= 1 && n * 4 > nodes * 3; --n) all.push_back(n);
  for (int n = nodes / 2; n >= 1; n /= 2) {
    if (n < all.back()) all.push_back(n);
  }
  return all;
}

std::vector<Cells> all_cells(const std::vector<int>& counts) {
  std::vector<Cells> all;
  for (const int count : counts) {
    for (int rows = 1; rows <= count; ++rows) {
      for (int columns = 1; rows * columns <= count; ++columns) {
        const int parts = count / (rows * columns);
        if (rows * columns * parts != count) continue;
        all.push_back({rows, columns, parts, CellOrder::kPartsFirst});
        if (parts == 1 || rows * columns == 1) continue;
        all.push_back({rows, columns, parts, CellOrder::kPartsLast});
        if (rows == 1 || columns == 1) continue;
        all.push_back({rows, columns, parts, CellOrder::kPartsBetween});
      }
    }
  }
  return all;
}

}  // namespace

CutEstimate::CutEstimate(const Net& net, const PlanRequest& request,
                         const std::vector<int>& order, const CutCosts& costs)
    : net_(net),
      cluster_(request.cluster),
      payload_(request.max_payload),
      bands_(request.objective == Objective::kLatency &&
             (costs.wire_percent < 100 || !are_alike(request.cluster.nodes))),
      nodes_(static_cast<int>(request.cluster.nodes.size())),
      order_(order),
      crew_(order),
      costs_(costs),
      latency_ps_(costs.waits * segment_latency_ps(request.cluster, order)),
      uses_(find_uses(net)),
      options_(net.layers.size()) {
  std::ranges::sort(crew_);
  for (int operand = 0; operand < 2; ++operand) {
    edges_[operand].resize(net.layers.size());
    for (int l = 0; l < layers(); ++l) {
      const int tensor = net.layers[l].in[operand].tensor;
      if (tensor < 0 ||
          (operand == 1 && tensor == net.layers[l].in[0].tensor)) {
        continue;
      }
      for (const Use& w : uses_[tensor].writers) {
        if (w.owner != Owner::kActor || w.index >= l) continue;
        edges_[operand][l].push_back(
            {w.index, std::vector<int64_t>(kStride * kStride, -1)});
      }
    }
  }
  find_stored();
  const double pairs = static_cast<double>(crew_.size() * crew_.size()) *
                       static_cast<double>(options_.size());
  // Without layers there are no pairs.
  const double some = std::clamp(std::sqrt(tuning::kMostPairs / pairs),
                                 static_cast<double>(tuning::kFewestOptions),
                                 static_cast<double>(tuning::kMostOptions));
  add_options(counts(static_cast<int>(order_.size())),
              static_cast<size_t>(some));
}

void CutEstimate::add_other_counts() {
  const auto all = static_cast<int>(order_.size());
  std::vector<int> others;
  for (int n = all; n >= 1; --n) {
    if (std::ranges::count(counts(all), n) == 0) others.push_back(n);
  }
  add_options(others, 2 * tuning::kMostOptions);
}

void CutEstimate::add_options(const std::vector<int>& counts, size_t most) {
  // By number of nodes, in the cluster's order.
  std::vector<Crew> crews(order_.size() + 1);
  for (const int count : counts) {
    std::vector<int> some(order_.begin(), order_.begin() + count);
    std::ranges::sort(some);
    crews[count] = rated_crew(cluster_, std::move(some));
  }
  const std::vector<Cells> cells = all_cells(counts);
  for (int l = 0; l < layers(); ++l) add_options(l, crews, cells, most);
}

// Assumes that all nodes have equally many weights: what exceeds a node's flash
// comes from storage.
void CutEstimate::find_stored() {
  const double each = static_cast<double>(flash_bytes(net_)) /
                      static_cast<double>(crew_.size());
  for (const ClusterNode& node : cluster_.nodes) {
    Stored of{{&node.board, nullptr, node.sealed}};
    int64_t flash = node.board.flash_mapped ? node.flash_budget() : 0;
    if (node.flash_weights) flash = std::min(flash, *node.flash_weights);
    const double part = 1 - static_cast<double>(flash) / std::max(1.0, each);
    if (costs_.storage && part > 0 && !node.board.storages.empty()) {
      of.supply.storage = &find_storage(node.board, node.storage);
      of.part = part;
    }
    stored_.push_back(of);
  }
}

bool CutEstimate::has_stored() const {
  return std::ranges::any_of(stored_,
                             [](const Stored& s) { return s.part > 0; });
}

// The node reads weights from storage once, while the core works, and the core
// checks them.
int64_t CutEstimate::core_ps(const Layer& l, const LayerShare& share,
                             int node) const {
  const LayerTime t =
      share_time(l, share, work_for(l, share.out.rows(), costs_.passes),
                 cluster_.nodes[node].board);
  const int64_t mapped = t.total_ps(costs_.flash);
  const Stored& of = stored_[static_cast<size_t>(node)];
  if (of.part == 0 || l.weights.empty()) return mapped;
  const int units =
      l.op == OpCode::kConstant ? share.out.rows() : share.out.channels();
  const int64_t bytes = chunk_bytes(l, share, {0, units, 0, l.kernel_h});
  const int64_t stored =
      std::max(of.supply.read_ps(bytes),
               t.compute_ps + t.firing_ps + of.supply.check_ps(bytes));
  return mapped +
         static_cast<int64_t>(static_cast<double>(stored - mapped) * of.part);
}

CutOption CutEstimate::make_option(int layer, LayerCut cut) const {
  PlanCancellation::check();
  const Layer& l = net_.layers[layer];
  CutOption o;
  o.cut = std::move(cut);
  o.own.resize(nodes_);
  o.core_ps.resize(nodes_);
  const bool sums = o.cut.kind == CutKind::kInputs;
  for (const Share& s : o.cut.shares) {
    o.own[s.node] = s.own;
    o.nodes.push_back(s.node);
    LayerShare share{s.own, l.in[0].tensor < 0 ? 0 : l.in[0].box.channels()};
    if (sums) share = {l.out.box, s.in1 - s.in0};
    o.core_ps[s.node] = core_ps(l, share, s.node);
  }
  // Partial sums pass through all nodes of the chain.
  if (sums) {
    const auto n = static_cast<int64_t>(o.cut.shares.size());
    const int64_t bytes = l.out.box.elements() * 4 * (n - 1) / n;
    for (const Share& s : o.cut.shares) {
      const LinkTime t =
          link_time(bytes, bytes, 2 * datagrams_of(bytes, n - 1, payload_),
                    cluster_.nodes[s.node].board);
      o.core_ps[s.node] +=
          t.cpu_ps + t.wire_ps + n * latency_ps_ + costs_.byte_ps * bytes * n;
    }
  }
  for (int operand = 0; operand < 2; ++operand) {
    if (l.in[operand].tensor < 0) continue;
    o.needs[operand].resize(nodes_);
    for (const Share& s : o.cut.shares) {
      o.needs[operand][s.node] = needed(l, operand, o, s.node);
    }
  }
  o.most_ps = *std::ranges::max_element(o.core_ps);
  return o;
}

// Keeps the options that the core makes fastest, for each number of parts.
void CutEstimate::add_options(int layer, const std::vector<Crew>& crews,
                              const std::vector<Cells>& cells, size_t most) {
  const Layer& l = net_.layers[layer];
  std::map<int, std::vector<CutOption>> by_parts;
  const auto add = [&](int parts, LayerCut cut) {
    by_parts[parts].push_back(make_option(layer, std::move(cut)));
  };
  for (const Cells& c : cells) {
    std::optional<LayerCut> cut = cut_cells(l, crews[c.count()], c);
    if (cut) add(c.parts, std::move(*cut));
  }
  const auto nodes = static_cast<int>(crews.back().nodes.size());
  for (int rows = 2; bands_ && 2 * rows <= nodes + 1; ++rows) {
    std::optional<LayerCut> cut = cut_bands(l, crews.back(), rows);
    if (cut) add(1, std::move(*cut));
  }
  for (const Crew& crew : crews) {
    if (crew.nodes.size() < 2 || !can_cut_inputs(l)) continue;
    add(0, cut_inputs(l, crew));
  }
  for (auto& [parts, some] : by_parts) {
    std::ranges::stable_sort(some, {}, &CutOption::most_ps);
  }
  // Takes one option of each number of parts in turn.
  std::vector<CutOption>& all = options_[layer];
  for (size_t i = 0; all.size() < most; ++i) {
    bool any = false;
    for (auto& [parts, some] : by_parts) {
      if (i >= some.size()) continue;
      any = true;
      if (all.size() < most) all.push_back(std::move(some[i]));
    }
    if (!any) break;
  }
}

int CutEstimate::find(int layer, const LayerCut& cut) {
  CutOption o = make_option(layer, cut);
  std::vector<CutOption>& all = options_[layer];
  for (size_t i = 0; i < all.size(); ++i) {
    const bool alike = (all[i].cut.kind == CutKind::kInputs) ==
                       (o.cut.kind == CutKind::kInputs);
    if (alike && all[i].own == o.own) return static_cast<int>(i);
  }
  all.push_back(std::move(o));
  return static_cast<int>(all.size()) - 1;
}

// The coordinator sends to one node after another, so wire times add up.
int64_t CutEstimate::input_ps(int operand, const CutOption& o) const {
  int64_t wire = 0, most = 0, all = 0;
  for (const int n : crew_) {
    const int64_t bytes = size(o.needs[operand][n]);
    if (bytes == 0) continue;
    const LinkTime t = link_time(0, bytes, datagrams_of(bytes, 1, payload_),
                                 cluster_.nodes[n].board);
    wire += t.wire_ps;
    all += bytes;
    most = std::max(most, t.cpu_ps);
  }
  return most + wire / 2 + costs_.byte_ps * all;
}

int64_t CutEstimate::moved_ps(int writer, const CutOption& from, int layer,
                              int operand, const CutOption& to) const {
  struct Sums {
    int64_t in = 0, out = 0, datagrams = 0;
  };
  std::vector<Sums> sums(nodes_);
  const Layer& l = net_.layers[layer];
  const Box& made = net_.layers[writer].out.box;
  const int width = net_.tensors[l.in[operand].tensor].element_bytes;
  int64_t all = 0;
  for (const int n : to.nodes) {
    const Box need = common(to.needs[operand][n], made);
    if (need.empty() || contains(from.own[n], need)) continue;
    for (const int m : from.nodes) {
      if (m == n || !overlap(from.own[m], need)) continue;
      const int64_t bytes = common(from.own[m], need).elements() * width;
      const int64_t datagrams = datagrams_of(bytes, 1, payload_);
      sums[n].in += bytes, sums[m].out += bytes;
      sums[n].datagrams += datagrams, sums[m].datagrams += datagrams;
      all += bytes;
    }
  }
  if (all == 0) return 0;
  int64_t most = 0;
  for (const int n : crew_) {
    if (sums[n].datagrams == 0) continue;
    const LinkTime t = link_time(sums[n].in, sums[n].out, sums[n].datagrams,
                                 cluster_.nodes[n].board);
    most = std::max(
        most, std::max(t.cpu_ps, t.wire_ps) +
                  std::min(t.cpu_ps, t.wire_ps) * costs_.wire_percent / 100);
  }
  return most + latency_ps_ + costs_.byte_ps * all;
}

// The writer also makes the halo of its box, for which it needs a halo of its
// own input: of a window, one more row or column on each side.
int64_t CutEstimate::again_ps(int writer, const CutOption& from, int layer,
                              int operand, const CutOption& to) const {
  const Layer& w = net_.layers[writer];
  if (writer + 1 != layer || from.cut.kind == CutKind::kInputs)
    return kForbidden;
  if (uses_[w.out.tensor].writers.size() != 1) return kForbidden;
  int64_t most = 0, sent = 0;
  const int channels = w.in[0].tensor < 0 ? 0 : w.in[0].box.channels();
  for (const int n : crew_) {
    const Box need = common(to.needs[operand][n], w.out.box);
    const Box& own = from.own[n];
    if (need.empty() || contains(own, need)) continue;
    if (own.empty() || need.c0 < own.c0 || own.c1 < need.c1) return kForbidden;
    const Box all = hull(own, need);
    const int64_t halo = int64_t{all.rows()} * all.columns() -
                         int64_t{own.rows()} * own.columns();
    if (halo * own.channels() > own.elements()) return kForbidden;
    const int64_t core =
        static_cast<int64_t>(static_cast<double>(from.core_ps[n]) *
                             static_cast<double>(halo * own.channels()) /
                             static_cast<double>(own.elements()));
    const int64_t bytes = halo * channels * w.stride_y * w.stride_x;
    const LinkTime t =
        link_time(bytes, bytes, 2 * datagrams_of(bytes, 3, payload_),
                  cluster_.nodes[n].board);
    most = std::max(most, core + t.cpu_ps);
    sent += bytes;
  }
  return most + latency_ps_ + costs_.byte_ps * sent;
}

int64_t CutEstimate::edge_ps(Edges& edges, int from, int layer, int operand,
                             int to) const {
  const auto cost = [&] {
    // Each node makes the constants that it reads.
    if (net_.layers[edges.writer].in[0].tensor < 0) return int64_t{0};
    const CutOption& a = options_[edges.writer][from];
    const CutOption& b = options_[layer][to];
    const int64_t ps = moved_ps(edges.writer, a, layer, operand, b);
    if (ps == 0) return ps;
    return std::min(ps, again_ps(edges.writer, a, layer, operand, b));
  };
  if (from >= kStride || to >= kStride) return cost();
  int64_t& ps = edges.ps[static_cast<size_t>(from * kStride + to)];
  if (ps < 0) ps = cost();
  return ps;
}

int64_t CutEstimate::own_ps(int layer, int option) const {
  const Layer& l = net_.layers[layer];
  int64_t ps = options_[layer][option].most_ps;
  for (int operand = 0; operand < 2; ++operand) {
    if (l.in[operand].tensor < 0) continue;
    for (const Use& w : uses_[l.in[operand].tensor].writers) {
      if (w.owner != Owner::kInput) continue;
      ps += input_ps(operand, options_[layer][option]);
    }
  }
  return ps;
}

int64_t CutEstimate::edges_ps(int layer, int option,
                              const std::vector<int>& path) {
  int64_t ps = 0;
  for (int operand = 0; operand < 2; ++operand) {
    for (Edges& e : edges_[operand][layer]) {
      ps += edge_ps(e, path[e.writer], layer, operand, option);
    }
  }
  return ps;
}

int64_t CutEstimate::path_ps(const std::vector<int>& path) {
  PlanCancellation::check();
  int64_t ps = 0;
  for (int l = 0; l < layers(); ++l) ps += layer_ps(l, path[l], path);
  return ps;
}

}  // namespace shoal
