// Products of matrices, and running sums.
#include <algorithm>

#include "device/base/fixed_point.h"
#include "host/lower/builder.h"
#include "host/lower/convolution.h"
#include "host/lower/param_list.h"
#include "host/lower/wide.h"
#include "host/model/graph/operators.h"
#include "host/model/graph/quantize.h"

namespace shoal {
namespace {

// The order of axes with the last two swapped, if wanted.
std::vector<int> sides_order(const Shape& shape, bool swapped) {
  std::vector<int> order = identity_order(static_cast<int>(shape.size()));
  if (swapped) std::swap(order[order.size() - 2], order.back());
  return order;
}

bool is_one_matrix(const Shape& s) {
  return element_count(s) == int64_t{s[s.size() - 2]} * s.back();
}

// A constant right side is weights.
void lower_by_weights(Builder& b) {
  const Op& op = b.op();
  const auto& attr = std::get<MatmulAttr>(op.attr);
  const int x = op.inputs[0], y = op.outputs[0];
  const Tensor& w = b.tensor(op.inputs[1]);
  const Shape& in = b.tensor(x).shape;
  const std::vector<int> order = sides_order(in, attr.adj_x);
  const int length = in[static_cast<size_t>(order.back())];
  const int channels = b.tensor(y).shape.back();
  Layer l = b.layer(OpCode::kConv, y);
  const MulParams p = matmul_params(b.tensor(x), w, b.tensor(y));
  l.zero_in = p.zero0;
  l.zero_weight = p.zero1;
  const auto count = static_cast<size_t>(channels);
  l.weights.bias.assign(count, 0);
  l.weights.multipliers.assign(count, p.multiplier);
  l.weights.shifts.assign(count, static_cast<int8_t>(p.shift));
  for (const int64_t at :
       placed_elements(w.shape, sides_order(w.shape, !attr.adj_y))) {
    l.weights.values.push_back(
        static_cast<int8_t>(w.data[static_cast<size_t>(at)]));
  }
  fold_zero_point(l, true);
  l.macs = op_macs(b.graph(), op);
  const Value v = b.ordered(x, order);
  Extent c = extent_of(v.view.box);
  if (c.channels != length) c = canonical_extent(permuted(in, order));
  l.in[0] = b.as_extent(v, c);
  l.out = b.result(y, {c.rows, c.columns, channels});
  b.add(std::move(l));
}

// An operand's or a result's matrices in one box: one below the other, or, if
// the axis of their rows is placed before those of the batch, one beside the
// other, as the heads of attention are in a tensor whose rows are tokens.
struct Matrices {
  View all;
  int rows = 0, length = 0;
  enum { kBelow, kInColumns, kInChannels } lie = kBelow;

  View part(int64_t number) const {
    const int n = static_cast<int>(number);
    View v = all;
    if (lie == kBelow) {
      v.box.y0 += n * rows;
      v.box.y1 = v.box.y0 + rows;
    } else if (lie == kInColumns) {
      v.box.x0 += n;
      v.box.x1 = v.box.x0 + 1;
    } else {
      v.box.c0 += n * length;
      v.box.c1 = v.box.c0 + length;
    }
    return v;
  }
};

// The axis of rows, those of the batch, the one of sums.
std::vector<int> rows_first(const std::vector<int>& order) {
  std::vector<int> first = order;
  std::rotate(first.begin(), first.end() - 2, first.end() - 1);
  return first;
}

Matrices operand(Builder& b, int t, bool swapped) {
  const Shape& s = b.tensor(t).shape;
  const std::vector<int> order = sides_order(s, swapped);
  Matrices m;
  m.rows = s[static_cast<size_t>(order[order.size() - 2])];
  m.length = s[static_cast<size_t>(order.back())];
  const auto all = static_cast<int>(element_count(s) / m.length);
  const int count = all / m.rows;
  const Value v = b.value(t);
  const Extent in_columns{m.rows, count, m.length};
  const Extent in_channels{m.rows, 1, count * m.length};
  const bool beside = v.order == squeezed_order(rows_first(order), s) &&
                      v.order != squeezed_order(order, s);
  if (beside && extent_of(v.view.box) != in_columns && legal(in_channels)) {
    m.all = b.as_extent(v, in_channels);
    m.lie = Matrices::kInChannels;
  } else if (beside && legal(in_columns)) {
    m.all = b.as_extent(v, in_columns);
    m.lie = Matrices::kInColumns;
  } else {
    const Extent below{all, 1, m.length};
    m.all = b.as_extent(b.ordered(t, order, below), below);
  }
  return m;
}

// Returns whether a SOFTMAX reads the tensor, or what is computed of it element
// by element: it wants each matrix's row as the channels of a pixel.
bool goes_to_softmax(const Graph& g, int t) {
  std::vector<bool> is_made_of_it(g.tensors.size(), false);
  is_made_of_it[static_cast<size_t>(t)] = true;
  for (const Op& op : g.ops) {
    const bool reads = std::ranges::any_of(op.inputs, [&](int in) {
      return in >= 0 && is_made_of_it[static_cast<size_t>(in)];
    });
    if (!reads) continue;
    const OpClass cls = class_of(op.kind);
    if (cls == OpClass::kSoftmax) return true;
    if (cls == OpClass::kBinary || cls == OpClass::kUnary) {
      is_made_of_it[static_cast<size_t>(op.outputs[0])] = true;
    }
  }
  return false;
}

// The result's matrices lie beside one another if those of the left operand do.
Matrices result(Builder& b, int t, const Matrices& left, int count) {
  const Shape& s = b.tensor(t).shape;
  Matrices m;
  m.rows = left.rows;
  m.length = s.back();
  const Extent in_columns{m.rows, count, m.length};
  const Extent in_channels{m.rows, 1, count * m.length};
  const std::vector<int> beside =
      squeezed_order(rows_first(identity_order(static_cast<int>(s.size()))), s);
  if (left.lie == Matrices::kBelow || !legal(in_columns)) {
    m.all = b.result(t, {count * m.rows, 1, m.length});
  } else if (goes_to_softmax(b.graph(), t) || !legal(in_channels)) {
    m.all = b.result(t, in_columns, beside);
    m.lie = Matrices::kInColumns;
  } else {
    m.all = b.result(t, in_channels, beside);
    m.lie = Matrices::kInChannels;
  }
  return m;
}

// Numbers of an operand's matrices, for each of the result's.
std::vector<int64_t> batch_numbers(const Shape& s, const Shape& out) {
  std::vector<int64_t> numbers{0};
  const size_t lead = out.size() - s.size();
  for (size_t k = 0; k + 2 < out.size(); ++k) {
    const int own = k < lead ? 1 : s[k - lead];
    std::vector<int64_t> next;
    for (const int64_t n : numbers) {
      for (int i = 0; i < out[k]; ++i) {
        next.push_back(n * own + (own == 1 ? 0 : i));
      }
    }
    numbers = std::move(next);
  }
  return numbers;
}

}  // namespace

void lower_matmul(Builder& b) {
  const Op& op = b.op();
  const auto& attr = std::get<MatmulAttr>(op.attr);
  const int a = op.inputs[0], by = op.inputs[1], y = op.outputs[0];
  if (b.tensor(by).constant && is_one_matrix(b.tensor(by).shape)) {
    return lower_by_weights(b);
  }
  const Shape& out = b.tensor(y).shape;
  const auto from_a = batch_numbers(b.tensor(a).shape, out);
  const auto from_b = batch_numbers(b.tensor(by).shape, out);
  const Matrices left = operand(b, a, attr.adj_x);
  const Matrices right = operand(b, by, !attr.adj_y);
  const int count = static_cast<int>(from_a.size());
  const Matrices made = result(b, y, left, count);
  for (int n = 0; n < count; ++n) {
    const auto k = static_cast<size_t>(n);
    Layer l = b.layer(OpCode::kMatmul, y);
    MulParams p = matmul_params(b.tensor(a), b.tensor(by), b.tensor(y));
    const bool is_wide = is_int16(b.tensor(y));
    if (is_wide) p.multiplier = shortened_multiplier(p.multiplier);
    l.params = param_list(p);
    if (is_wide) add_wide_params(l, Activation::kNone, 1.F, true);
    l.macs = int64_t{1} * left.rows * right.rows * left.length;
    l.in[0] = left.part(from_a[k]);
    l.in[1] = right.part(from_b[k]);
    l.out = made.part(n);
    b.add(std::move(l));
  }
}

void lower_running_sum(Builder& b) {
  const Op& op = b.op();
  const auto& attr = std::get<CumsumAttr>(op.attr);
  const int x = op.inputs[0], y = op.outputs[0];
  Layer l = b.layer(OpCode::kRunningSum, y);
  RunningSumParams p = running_sum_params(b.tensor(x), b.tensor(y));
  p.exclusive = attr.exclusive;
  p.reverse = attr.reverse;
  l.params = param_list(p);
  l.zero_in = b.tensor(x).zero();
  std::vector<int> order;
  Extent c;
  l.in[0] = b.rows_along(x, attr.axis, order, c);
  l.out = b.result(y, c, squeezed_order(order, b.tensor(y).shape));
  b.add(std::move(l));
}

}  // namespace shoal
