#include <algorithm>

#include "host/base/error.h"
#include "host/lower/builder.h"
#include "host/lower/param_list.h"
#include "host/lower/wide.h"
#include "host/model/graph/operators.h"
#include "host/model/graph/quantize.h"

namespace shoal {
namespace {

// Which of its axes a group of [from, to) reduces: none, all, or both kinds.
enum class Kind { kKept, kReduced, kMixed };

Kind group_kind(const Shape& shape, const std::vector<bool>& reduced,
                const std::vector<int>& order, int from, int to) {
  bool kept = false, gone = false;
  for (int k = from; k < to; ++k) {
    if (shape[order[k]] == 1) continue;
    (reduced[order[k]] ? gone : kept) = true;
  }
  return kept && gone ? Kind::kMixed : gone ? Kind::kReduced : Kind::kKept;
}

std::optional<AxisSplit> reduce_cut(const Shape& shape,
                                    const std::vector<bool>& reduced,
                                    const std::vector<int>& order,
                                    const Extent& have) {
  const int rank = static_cast<int>(shape.size());
  const auto needed = [&](int i, int j) -> std::optional<std::vector<Extent>> {
    for (auto [from, to] : {std::pair{0, i}, {i, j}, {j, rank}}) {
      if (group_kind(shape, reduced, order, from, to) == Kind::kMixed) {
        return std::nullopt;
      }
    }
    const Extent c = group_sizes(permuted(shape, order), i, j);
    const bool gone = group_kind(shape, reduced, order, 0, i) == Kind::kReduced;
    if (gone && c.rows > kMaxStep) return std::nullopt;
    return std::vector{c};
  };
  return choose_cut(rank, {have}, canonical_extent(permuted(shape, order)),
                    needed);
}

// A shape whose reduced axes are no longer than a window may be: a longer one
// is two axes, if its size has a divisor for that.
struct Reduced {
  Shape shape;
  std::vector<bool> reduced;
};

Reduced in_short_axes(const Shape& shape, const std::vector<bool>& reduced) {
  Reduced r;
  for (size_t k = 0; k < shape.size(); ++k) {
    int inner = 1;
    if (reduced[k] && shape[k] > kMaxStep) {
      const int least = (shape[k] + kMaxStep - 1) / kMaxStep;
      for (int n = least; n <= kMaxStep && inner == 1; ++n) {
        if (shape[k] % n == 0) inner = n;
      }
    }
    r.shape.push_back(shape[k] / inner);
    r.reduced.push_back(reduced[k]);
    if (inner == 1) continue;
    r.shape.push_back(inner);
    r.reduced.push_back(true);
  }
  return r;
}

// Stored order of the kept axes, in the axes of the result.
std::vector<int> kept_order(const Shape& shape,
                            const std::vector<bool>& reduced,
                            const std::vector<int>& order) {
  std::vector<int> number(shape.size(), -1);
  int count = 0;
  for (size_t k = 0; k < shape.size(); ++k) {
    if (shape[k] != 1 && !reduced[k]) number[k] = count++;
  }
  std::vector<int> out;
  for (int axis : order) {
    if (number[axis] >= 0) out.push_back(number[axis]);
  }
  return out;
}

// The parameters of a sum over `count` elements; those without are maxima.
constexpr ByKind<ReduceParams (*)(const Tensor& x, const Tensor& y, int count)>
    kSums({{OpKind::kMean, mean_params}, {OpKind::kSum, sum_params}});

Layer reduce_layer(const Builder& b, int count) {
  const Op& op = b.op();
  const Tensor& x = b.tensor(op.inputs[0]);
  const auto sum = kSums[op.kind];
  Layer l = b.layer(sum != nullptr ? OpCode::kReduceSum : OpCode::kReduceMax,
                    op.outputs[0]);
  l.zero_in = x.zero();
  if (sum != nullptr) {
    l.params = param_list(sum(x, b.tensor(op.outputs[0]), count));
    if (is_int16(x)) add_wide_params(l, Activation::kNone, 1.F);
  }
  return l;
}

// The order of bytes turned round: a minimum is a maximum of these.
void add_turned(Builder& b, const View& in, const View& out) {
  Layer l = b.layer(OpCode::kLut, b.op().outputs[0]);
  l.in[0] = in;
  l.out = out;
  for (int byte = -128; byte < 128; ++byte) {
    l.weights.values.push_back(static_cast<int8_t>(~byte));
  }
  b.add(std::move(l));
}

}  // namespace

void lower_reduce(Builder& b) {
  const Op& op = b.op();
  const int x = op.inputs[0], y = op.outputs[0];
  const Shape& given = b.tensor(x).shape;
  const std::vector<bool>& gone_axes = std::get<ReduceAttr>(op.attr).reduced;
  const Reduced axes = in_short_axes(given, gone_axes);
  const Shape& shape = axes.shape;
  const std::vector<bool>& reduced = axes.reduced;
  const int rank = static_cast<int>(shape.size());
  Value v = b.in_axes(b.value(x), shape);
  std::vector<int> order = full_order(v, shape);
  auto cut = reduce_cut(shape, reduced, order, extent_of(v.view.box));
  if (!cut) {
    std::vector<int> kept_first = full_order(b.value(x), given);
    std::stable_partition(kept_first.begin(), kept_first.end(),
                          [&](int axis) { return !gone_axes[axis]; });
    v = b.in_axes(b.ordered(x, kept_first), shape);
    order = full_order(v, shape);
    cut = reduce_cut(shape, reduced, order, extent_of(v.view.box));
  }
  if (!cut) {
    throw Error(Exit::kUnsupported,
                b.tensor(x).name + ": more than 65535 elements in a row");
  }
  int count = 1;
  for (int k = 0; k < rank; ++k) {
    if (reduced[k]) count *= shape[k];
  }
  const auto gone = [&](int from, int to) {
    return group_kind(shape, reduced, order, from, to) == Kind::kReduced;
  };
  Layer l = reduce_layer(b, count);
  const Extent& in = cut->extents[0];
  Extent out = in;
  l.in[0] = b.as_extent(v, in);
  if (gone(0, cut->i)) {
    l.kernel_h = in.rows;
    out.rows = 1;
  }
  if (gone(cut->i, cut->j)) {
    l.reduce_columns = true;
    out.columns = 1;
  }
  if (gone(cut->j, rank)) {
    l.reduce_channels = true;
    out.channels = 1;
  }
  const View made = b.result(y, out, kept_order(shape, reduced, order));
  if (op.kind != OpKind::kReduceMin) {
    l.out = made;
    return b.add(std::move(l));
  }
  const std::string& name = b.tensor(y).name;
  const View turned = b.new_tensor(name, in, 1);
  const View highest = b.new_tensor(name, out, 1);
  add_turned(b, l.in[0], turned);
  l.in[0] = turned;
  l.out = highest;
  b.add(std::move(l));
  add_turned(b, highest, made);
}

}  // namespace shoal
