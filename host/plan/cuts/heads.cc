#include "host/plan/cuts/heads.h"

#include <algorithm>
#include <optional>
#include <utility>
#include <vector>

#include "device/program/kinds.h"
#include "host/plan/types/boxes.h"
#include "host/plan/types/segment.h"

namespace shoal {
namespace {

// Returns the layers of each operator that multiplies several pairs of computed
// matrices: a layer for each head.
std::vector<Segment> find_heads(const Net& net) {
  std::vector<bool> is_computed(net.tensors.size(), true);
  for (const Layer& l : net.layers) {
    if (l.in[0].tensor < 0) is_computed[size_t(l.out.tensor)] = false;
  }
  const auto multiplies = [&](const Layer& l) {
    return l.op == OpCode::kMatmul && is_computed[size_t(l.in[0].tensor)] &&
           is_computed[size_t(l.in[1].tensor)];
  };
  const auto layers = static_cast<int>(net.layers.size());
  std::vector<Segment> all;
  for (int begin = 0, end = 0; begin < layers; begin = end) {
    const Layer& first = net.layers[size_t(begin)];
    end = begin + 1;
    if (!multiplies(first)) continue;
    while (end < layers &&
           net.layers[size_t(end)].out.tensor == first.out.tensor &&
           multiplies(net.layers[size_t(end)])) {
      ++end;
    }
    if (end - begin > 1) all.push_back({begin, end});
  }
  return all;
}

class HeadCuts {
 public:
  HeadCuts(const Net& net, const Crew& crew, Cuts& cuts)
      : net_(net), crew_(crew), cuts_(cuts) {}

  // Nodes share heads, or a head's tokens, by their weights.
  void divide(const Segment& heads) {
    const auto n = static_cast<int>(crew_.nodes.size());
    const int count = heads.end - heads.begin;
    const bool has_each = n >= count;
    const std::vector<int> bounds =
        has_each ? nodes_of(count) : cut_extent(count, crew_.weights);
    for (int h = 0, node = 0; h < count; ++h) {
      const auto l = static_cast<size_t>(heads.begin + h);
      while (!has_each && bounds[size_t(node) + 1] <= h) ++node;
      const int first = has_each ? bounds[size_t(h)] : node;
      const int last = has_each ? bounds[size_t(h) + 1] : node + 1;
      cuts_.layers[l] = cut_rows(net_.layers[l], first, last);
    }
  }

  // Cuts the layers between two products as the first one is: each node goes on
  // with what it has.
  void follow(const Segment& from, const Segment& to) {
    int tensor = net_.layers[size_t(from.begin)].out.tensor;
    std::vector<Box> boxes(node_count());
    for (int l = from.begin; l < from.end; ++l) {
      for (const Share& s : cuts_.layers[size_t(l)].shares) {
        Box& box = boxes[size_t(s.node)];
        box = hull(box, s.own);
      }
    }
    std::vector<std::pair<size_t, LayerCut>> changed;
    for (int i = from.end; i < to.begin; ++i) {
      const auto l = static_cast<size_t>(i);
      const Layer& layer = net_.layers[l];
      if (layer.in[0].tensor != tensor) continue;
      std::optional<LayerCut> cut = cut_into(layer, boxes);
      if (!cut) return;
      changed.emplace_back(l, std::move(*cut));
      tensor = layer.out.tensor;
    }
    if (net_.layers[size_t(to.begin)].in[0].tensor != tensor) return;
    for (auto& [l, cut] : changed) cuts_.layers[l] = std::move(cut);
  }

 private:
  size_t node_count() const {
    return static_cast<size_t>(*std::ranges::max_element(crew_.nodes)) + 1;
  }

  // Returns where each head's nodes begin, nearest to its part of all weights;
  // each has one at least.
  std::vector<int> nodes_of(int heads) const {
    const auto n = static_cast<int>(crew_.nodes.size());
    std::vector<int> bounds = {0};
    double sum = 0;
    for (int i = 1; i < n; ++i) {
      sum += crew_.weights[size_t(i - 1)];
      const auto begun = static_cast<int>(bounds.size());
      if (begun == heads) break;
      const double part = crew_.sum() * begun / heads;
      const bool is_nearest = sum + crew_.weights[size_t(i)] / 2 > part;
      if (is_nearest || n - i == heads - begun) bounds.push_back(i);
    }
    bounds.push_back(n);
    return bounds;
  }

  // Cuts a head's rows over the nodes [first, last) of the crew.
  LayerCut cut_rows(const Layer& layer, int first, int last) const {
    Crew some;
    for (int i = first; i < last; ++i) {
      some.nodes.push_back(crew_.nodes[size_t(i)]);
      some.weights.push_back(crew_.weights[size_t(i)]);
    }
    return cut_grid(layer, some, last - first, 1);
  }

  // Cuts a layer whose result has the places of its operand into `boxes`.
  // Returns nothing for other layers.
  static std::optional<LayerCut> cut_into(const Layer& layer,
                                          const std::vector<Box>& boxes) {
    const Box& all = layer.out.box;
    if (rows_of(layer.op) != RowsFrom::kSame || layer.in[0].box != all) {
      return std::nullopt;
    }
    std::vector<Share> shares;
    int64_t elements = 0;
    for (size_t n = 0; n < boxes.size(); ++n) {
      const Box own = common(boxes[n], all);
      if (own.empty()) continue;
      if (needs_all_channels(layer.op) && own.channels() != all.channels()) {
        return std::nullopt;
      }
      shares.push_back({static_cast<int>(n), own});
      elements += own.elements();
    }
    if (elements != all.elements() || shares.size() < 2) return std::nullopt;
    return cut_boxes(std::move(shares));
  }

  const Net& net_;
  const Crew& crew_;
  Cuts& cuts_;
};

// The fewest channels of an output for one of the input, where the output is
// wide: that of an MLP's first layer.
constexpr int kWide = 2;

bool has_wide_output(const Layer& l) {
  return !l.weights.empty() && l.op != OpCode::kDepthwise &&
         l.out.box.channels() >= kWide * l.in[0].box.channels();
}

}  // namespace

bool has_heads(const Net& net) { return !find_heads(net).empty(); }

Cuts with_heads_apart(const Net& net, const Crew& crew, Cuts cuts) {
  const std::vector<Segment> heads = find_heads(net);
  HeadCuts apart(net, crew, cuts);
  for (const Segment& h : heads) apart.divide(h);
  for (size_t i = 1; i < heads.size(); ++i) {
    apart.follow(heads[i - 1], heads[i]);
  }
  return cuts;
}

Cuts with_wide_outputs_in_parts(const Net& net, const Crew& crew, Cuts cuts) {
  const Cells pairs{static_cast<int>(crew.nodes.size()) / 2, 1, 2};
  if (std::ssize(crew.nodes) != pairs.count()) return cuts;
  int wide = -1;  // the tensor whose channels are cut
  for (size_t l = 0; l < net.layers.size(); ++l) {
    const Layer& layer = net.layers[l];
    const bool follows = layer.in[0].tensor == wide && layer.macs == 0 &&
                         layer.out.box == layer.in[0].box &&
                         !needs_all_channels(layer.op) &&
                         rows_of(layer.op) == RowsFrom::kSame;
    if (!follows && !has_wide_output(layer)) continue;
    std::optional<LayerCut> cut = cut_cells(layer, crew, pairs);
    if (!cut) continue;
    cuts.layers[l] = *std::move(cut);
    wide = layer.out.tensor;
  }
  return cuts;
}

}  // namespace shoal
