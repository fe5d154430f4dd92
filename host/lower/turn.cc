#include "host/lower/turn.h"

#include <numeric>
#include <utility>

#include "host/lower/layout.h"
#include "host/lower/line.h"
#include "host/model/graph/operators.h"

namespace shoal {
namespace {

// Operators whose operands and results need not have the same order of axes.
constexpr ByClass<bool> kParts({{OpClass::kReshape, true},
                                {OpClass::kTranspose, true},
                                {OpClass::kFullyConnected, true},
                                {OpClass::kReduce, true},
                                {OpClass::kMatmul, true},
                                {OpClass::kRecurrent, true},
                                {OpClass::kBlocks, true}},
                               false);

// Sets of tensors that lie in one order.
class Sets {
 public:
  explicit Sets(size_t tensors) : parent_(tensors) {
    std::iota(parent_.begin(), parent_.end(), size_t{0});
  }
  size_t of(size_t t) {
    while (parent_[t] != t) t = parent_[t] = parent_[parent_[t]];
    return t;
  }
  void join(size_t a, size_t b) { parent_[of(a)] = of(b); }

 private:
  std::vector<size_t> parent_;
};

bool is_picture(const Graph& g, int t) {
  return t >= 0 && !g.tensors[static_cast<size_t>(t)].constant &&
         g.tensors[static_cast<size_t>(t)].shape.size() == 4;
}

void join_tensors(const Graph& g, const Op& op, Sets& sets) {
  if (kParts[class_of(op.kind)]) return;
  int first = -1;
  for (const auto* tensors : {&op.inputs, &op.outputs}) {
    for (const int t : *tensors) {
      if (!is_picture(g, t)) continue;
      if (first < 0) first = t;
      sets.join(static_cast<size_t>(t), static_cast<size_t>(first));
    }
  }
}

}  // namespace

std::vector<int> turned_order() { return {0, 2, 1, 3}; }

std::vector<bool> find_turned(const Graph& g, int most_columns) {
  const size_t count = g.tensors.size();
  Sets sets(count);
  for (const Op& op : g.ops) join_tensors(g, op, sets);
  std::vector<bool> is_needed(count, false), is_legal(count, true);
  for (size_t t = 0; t < count; ++t) {
    if (!is_picture(g, static_cast<int>(t))) continue;
    const Shape& s = g.tensors[t].shape;
    const size_t set = sets.of(t);
    if (s[2] > most_columns) is_needed[set] = true;
    if (!legal(canonical_extent(permuted(s, turned_order())))) {
      is_legal[set] = false;
    }
  }
  std::vector<bool> turned(count, false);
  for (size_t t = 0; t < count; ++t) {
    const size_t set = sets.of(t);
    turned[t] =
        is_needed[set] && is_legal[set] && is_picture(g, static_cast<int>(t));
  }
  return turned;
}

void mark_turned(const Graph& g, Net& net) {
  std::vector<bool> is_known(net.tensors.size(), false);
  for (size_t t = 0; t < g.tensors.size(); ++t) {
    const std::optional<FilePlace>& place = net.places[t];
    const Shape& s = g.tensors[t].shape;
    if (!place || s.size() != 4) continue;
    const auto tensor = static_cast<size_t>(place->view.tensor);
    const Box& box = place->view.box;
    const bool is_line = place->perm.empty() && s[0] == 1 && s[1] == 1 &&
                         box.rows() > 1 && box.columns() == 1;
    is_known[tensor] = true;
    net.tensors[tensor].turned = is_line || place->perm == turned_order();
  }
  for (const Layer& l : net.layers) {
    const auto made = static_cast<size_t>(l.out.tensor);
    if (is_known[made] || l.in[0].tensor < 0) continue;
    const NetTensor& from = net.tensors[static_cast<size_t>(l.in[0].tensor)];
    NetTensor& to = net.tensors[made];
    to.turned = from.turned && from.rows == to.rows;
  }
}

void turn_layer(Layer& l) {
  const std::vector<int8_t> from = l.weights.values;
  const auto rows = static_cast<size_t>(l.kernel_h);
  const auto columns = static_cast<size_t>(l.kernel_w);
  // The taps of depthwise weights are outermost, those of others lie between
  // output and input channels.
  const size_t outer = l.op == OpCode::kDepthwise ? 1 : l.weights.bias.size();
  const size_t inner =
      from.empty() ? 0 : from.size() / (outer * rows * columns);
  auto to = l.weights.values.begin();
  for (size_t o = 0; o < outer && inner > 0; ++o) {
    for (size_t x = 0; x < columns; ++x) {
      for (size_t y = 0; y < rows; ++y) {
        const size_t tap = ((o * rows + y) * columns + x) * inner;
        for (size_t i = 0; i < inner; ++i) *to++ = from[tap + i];
      }
    }
  }
  turn_window(l);
}

}  // namespace shoal
