// Random graphs, biased towards what is hard for the lowering: permuted axes,
// odd reshapes, slices, pads, reductions over any axes, broadcasts, batches.
#pragma once

#include <algorithm>
#include <cstdlib>
#include <numeric>
#include <string>
#include <vector>

#include "host/lower/testing/test_graph.h"

namespace shoal {

class RandomGraph {
 public:
  explicit RandomGraph(unsigned seed) : random_(seed), g_(seed) {
    const int inputs = pick(1, 2);
    const bool is_signal = pick(1, 6) == 1;  // a picture of one row
    for (int k = 0; k < inputs; ++k) {
      live_.push_back(g_.input(is_signal ? Shape{1, 1, pick(1, 40), pick(1, 5)}
                                         : random_shape(pick(2, 4), 400)));
    }
    const int steps = pick(3, 12);
    for (int k = 0; k < steps; ++k) step();
    const int outputs = pick(1, 3);
    for (int k = 0; k < outputs; ++k) g_.graph.outputs.push_back(any());
  }
  const Graph& graph() const { return g_.graph; }

 private:
  int pick(int lo, int hi) {
    return lo +
           static_cast<int>(random_() % static_cast<unsigned>(hi - lo + 1));
  }
  bool coin() { return pick(0, 1) == 1; }
  int any() {
    // Recent results more often than old ones.
    const int n = static_cast<int>(live_.size());
    return live_[std::max(pick(0, n - 1), pick(0, n - 1))];
  }
  const Shape& shape(int t) { return g_.shape(t); }
  int rank(int t) { return static_cast<int>(shape(t).size()); }
  void keep(int t) { live_.push_back(t); }

  Shape random_shape(int rank, int limit) {
    Shape s;
    for (int k = 0; k < rank; ++k) {
      const int n = pick(1, std::min(9, std::max(1, limit)));
      s.push_back(n);
      limit /= n;
    }
    return s;
  }
  // Another row-major shape of as many elements.
  Shape refactored(int64_t elements) {
    std::vector<int> primes;
    for (int p = 2; elements > 1; ++p) {
      while (elements % p == 0) {
        primes.push_back(p);
        elements /= p;
      }
    }
    Shape s(pick(1, 5), 1);
    for (int p : primes) s[pick(0, static_cast<int>(s.size()) - 1)] *= p;
    return s;
  }

  void step() {
    const int x = any();
    switch (pick(0, 29)) {
      case 0:
      case 1:
      case 2:
        return transpose(x);
      case 3:
        return keep(g_.reshape(x, refactored(element_count(shape(x)))));
      case 4:
        return squeeze(x);
      case 5:
        return pad(x);
      case 6:
        return slice(x);
      case 7:
        return concatenation(x);
      case 8:
        return split(x);
      case 9:
      case 10:
        return reduce(x);
      case 11:
      case 12:
        return binary(x);
      case 13:
        return keep(g_.op(OpKind::kLeakyRelu, {x}, shape(x), AlphaAttr{0.3f}));
      case 14:
        return softmax(x);
      case 15:
        return fully_connected(x);
      case 16:
        return mirror(x);
      case 17:
        return unpack(x);
      case 18:
        return pack(x);
      case 19:
        return gather(x);
      case 20:
        return batches(x);
      case 21:
        return matmul(x);
      case 22:
        return function(x);
      case 23:
        return split_unequally(x);
      case 24:
      case 25:
        return select(x);
      default:
        return picture(x);
    }
  }

  void transpose(int x) {
    std::vector<int> perm(rank(x));
    std::iota(perm.begin(), perm.end(), 0);
    std::shuffle(perm.begin(), perm.end(), random_);
    keep(g_.transpose(x, perm));
  }

  void squeeze(int x) {
    Shape s;
    for (int n : shape(x)) {
      if (n != 1 || coin()) s.push_back(n);
    }
    if (s.size() < 5 && coin()) {
      s.insert(s.begin() + pick(0, static_cast<int>(s.size())), 1);
    }
    keep(g_.reshape(x, s));
  }

  void mirror(int x) {
    if (element_count(shape(x)) > 1500) return;
    const bool edge = coin();
    MirrorAttr a{std::vector<int>(rank(x)), std::vector<int>(rank(x)), edge};
    Shape s = shape(x);
    for (int k = 0; k < rank(x); ++k) {
      if (pick(0, 2) > 0) continue;
      const int most = std::min(3, edge ? s[k] : s[k] - 1);
      a.before[k] = pick(0, most);
      a.after[k] = pick(0, most);
      s[k] += a.before[k] + a.after[k];
    }
    keep(g_.op(OpKind::kMirrorPad, {x}, s, a));
  }

  void unpack(int x) {
    if (rank(x) == 0) return;
    const int axis = pick(0, rank(x) - 1);
    Shape s = shape(x);
    const int parts = s[axis];
    s.erase(s.begin() + axis);
    keep(g_.op(OpKind::kUnpack, {x}, s, AxisAttr{axis}));
    for (int k = 1; k < parts; ++k) {
      const int t = g_.tensor(s);
      g_.graph.ops.back().outputs.push_back(t);
      keep(t);
    }
  }

  void gather(int x) {
    if (rank(x) == 0 || element_count(shape(x)) > 1500) return;
    const bool several = rank(x) > 1 && pick(0, 3) == 0;
    GatherAttr a{pick(0, rank(x) - (several ? 2 : 1)), several ? 2 : 1, {}};
    if (several) a.axis = 0;
    Shape s = shape(x);
    int size = s[a.axis];
    if (several) size *= s[a.axis + 1];
    const int count = pick(1, 4);
    for (int k = 0; k < count; ++k) a.indices.push_back(pick(0, size - 1));
    s.erase(s.begin() + a.axis, s.begin() + a.axis + a.count);
    if (count > 1 || coin()) s.insert(s.begin() + a.axis, count);
    keep(g_.op(several ? OpKind::kGatherNd : OpKind::kGather, {x}, s, a));
  }

  // Taken apart, and joined again with other crops.
  void batches(int x) {
    if (rank(x) != 3 && rank(x) != 4) return;
    if (element_count(shape(x)) > 700) return;
    BatchesAttr a;
    Shape s = shape(x);
    for (int k = 1; k + 1 < rank(x); ++k) {
      a.block.push_back(pick(1, 3));
      a.before.push_back(pick(0, 2));
      const int rest = (s[k] + a.before.back()) % a.block.back();
      a.after.push_back(rest == 0 ? 0 : a.block.back() - rest);
      s[0] *= a.block.back();
      s[k] = (s[k] + a.before.back() + a.after.back()) / a.block.back();
    }
    int y = g_.op(OpKind::kSpaceToBatchNd, {x}, s, a);
    if (rank(x) == 4 && coin()) y = g_.conv(y, pick(1, 4), window(1));
    if (coin()) keep(y);
    for (size_t k = 0; k < a.block.size(); ++k) {
      const int size = shape(y)[k + 1] * a.block[k];
      a.before[k] = pick(0, std::min(a.before[k], size - 1));
      a.after[k] = pick(0, std::min(2, size - 1 - a.before[k]));
    }
    s = shape(y);
    for (size_t k = 0; k < a.block.size(); ++k) {
      s[0] /= a.block[k];
      s[k + 1] = s[k + 1] * a.block[k] - a.before[k] - a.after[k];
    }
    keep(g_.op(OpKind::kBatchToSpaceNd, {y}, s, a));
  }

  void matmul(int x) {
    if (rank(x) < 2 || element_count(shape(x)) > 600) return;
    Shape s = shape(x);
    // Each matrix is a layer, for each frame of a batch.
    if (element_count(s) > 20 * s.back() * s[s.size() - 2]) return;
    const MatmulAttr a{coin(), coin()};
    const int rows = s[s.size() - (a.adj_x ? 1 : 2)];
    const int length = s[s.size() - (a.adj_x ? 2 : 1)];
    int other = x;  // with itself: the sides fit if they are the same way round
    int columns = rows;
    if (a.adj_x == a.adj_y || coin()) {
      columns = pick(1, 5);
      Shape t = s;
      t[t.size() - (a.adj_y ? 1 : 2)] = length;
      t[t.size() - (a.adj_y ? 2 : 1)] = columns;
      if (coin()) t.erase(t.begin(), t.end() - 2);
      other = g_.constant(t);
    }
    s[s.size() - 2] = rows;
    s.back() = columns;
    keep(g_.op(OpKind::kBatchMatmul, {x, other}, s, a));
  }

  // Compares with a constant or another tensor, and chooses by the result.
  void select(int x) {
    const auto partner = [&](const Shape& s) {
      for (const int t : live_) {
        if (t != x && shape(t) == s && coin()) return t;
      }
      return g_.constant(coin() ? s : Shape{});
    };
    const auto truths = [&](OpKind kind, std::vector<int> xs) {
      const int y = g_.op(kind, std::move(xs), shape(x));
      g_.graph.tensors[y].quant = {{1.f}, {0}, 0};
      g_.graph.tensors[y].file_type = Type::kBool;
      return y;
    };
    const auto compared = [&] {
      const int kind = static_cast<int>(OpKind::kEqual) + pick(0, 5);
      return truths(static_cast<OpKind>(kind), {x, partner(shape(x))});
    };
    int chosen = compared();
    if (coin()) {
      const OpKind kind = coin() ? OpKind::kLogicalAnd : OpKind::kLogicalOr;
      chosen = truths(kind, {chosen, compared()});
    }
    if (coin()) chosen = truths(OpKind::kLogicalNot, {chosen});
    keep(g_.op(OpKind::kSelectV2, {chosen, x, partner(shape(x))}, shape(x)));
  }

  // One operand, every element by itself or along an axis.
  void function(int x) {
    const OpKind kinds[] = {OpKind::kAbs,  OpKind::kNeg,   OpKind::kSquare,
                            OpKind::kSqrt, OpKind::kRsqrt, OpKind::kExp,
                            OpKind::kLog};
    if (rank(x) == 0 || coin()) {
      return keep(g_.op(kinds[pick(0, 6)], {x}, shape(x)));
    }
    if (coin()) {
      const CumsumAttr a{pick(0, rank(x) - 1), coin(), coin()};
      return keep(g_.op(OpKind::kCumsum, {x}, shape(x), a));
    }
    const bool norm = coin();
    const int y = g_.op(norm ? OpKind::kL2Normalization : OpKind::kLogSoftmax,
                        {x}, shape(x));
    g_.graph.tensors[y].quant = {
        {norm ? 1.f / 128 : 1.f / 16}, {norm ? 0 : 127}, 0};
    keep(y);
  }

  void split_unequally(int x) {
    if (rank(x) == 0) return;
    const int axis = pick(0, rank(x) - 1);
    const int n = shape(x)[axis];
    if (n < 2) return;
    Op op{OpKind::kSplitV, {x}, {}, AxisAttr{axis}};
    const int first = pick(1, n - 1);
    for (const int size : {first, n - first}) {
      Shape s = shape(x);
      s[axis] = size;
      op.outputs.push_back(g_.tensor(s));
      keep(op.outputs.back());
    }
    g_.graph.ops.push_back(op);
  }

  // Packs equal tensors, or the same one again.
  void pack(int x) {
    if (element_count(shape(x)) > 1000) return;
    Shape s = shape(x);
    std::vector<int> parts;
    for (int t : live_) {
      if (shape(t) == s && parts.size() < 3) parts.push_back(t);
    }
    if (coin()) parts.push_back(x);
    const int axis = pick(0, rank(x));
    s.insert(s.begin() + axis, static_cast<int>(parts.size()));
    if (s.size() > 6) return;
    keep(g_.op(OpKind::kPack, parts, s, AxisAttr{axis}));
  }

  void pad(int x) {
    if (element_count(shape(x)) > 1500) return;
    std::vector<int> before(rank(x)), after(rank(x));
    for (int k = 0; k < rank(x); ++k) {
      if (pick(0, 2) > 0) continue;
      before[k] = pick(0, 2);
      after[k] = pick(0, 1);
    }
    keep(g_.pad(x, before, after));
  }

  void slice(int x) {
    SliceAttr a;
    Shape out;
    for (int n : shape(x)) {
      int begin = 0, stride = 1, count = n;
      if (coin()) {
        begin = pick(0, n - 1);
        stride = pick(0, 2) ? 1 : pick(0, 1) ? -pick(1, 2) : pick(1, 3);
        const int most =
            (stride > 0 ? n - 1 - begin : begin) / std::abs(stride) + 1;
        count = pick(1, most);
      }
      const bool dropped = count == 1 && coin();
      a.begin.push_back(begin);
      a.stride.push_back(stride);
      a.dropped.push_back(dropped);
      if (!dropped) out.push_back(count);
    }
    keep(g_.op(OpKind::kStridedSlice, {x}, out, a));
  }

  void concatenation(int x) {
    if (rank(x) == 0 || element_count(shape(x)) > 1500) return;
    const int axis = pick(0, rank(x) - 1);
    std::vector<int> parts{x};
    for (int t : live_) {
      if (parts.size() > 2 || rank(t) != rank(x)) continue;
      Shape p = shape(t), q = shape(x);
      p[axis] = q[axis];
      if (p == q && t != x) parts.push_back(t);
    }
    if (parts.size() == 1 || pick(0, 3) == 0) {
      Shape p = shape(x);
      p[axis] = pick(1, 3);
      parts.push_back(coin() ? x : g_.constant(p));
    }
    std::shuffle(parts.begin(), parts.end(), random_);
    keep(g_.concatenation(parts, axis));
  }

  void split(int x) {
    if (rank(x) == 0) return;
    const int axis = pick(0, rank(x) - 1);
    const int n = shape(x)[axis];
    int parts = pick(2, 3);
    if (n % parts != 0) return;
    Shape s = shape(x);
    s[axis] = n / parts;
    Op op{OpKind::kSplit, {x}, {}, AxisAttr{axis}};
    while (parts-- > 0) {
      op.outputs.push_back(g_.tensor(s));
      keep(op.outputs.back());
    }
    g_.graph.ops.push_back(op);
  }

  void reduce(int x) {
    std::vector<bool> reduced(rank(x));
    for (int k = 0; k < rank(x); ++k) reduced[k] = coin();
    const OpKind kinds[] = {OpKind::kMean, OpKind::kSum, OpKind::kReduceMax,
                            OpKind::kReduceMin};
    keep(g_.reduce(kinds[pick(0, 3)], x, reduced, coin()));
  }

  void binary(int x) {
    for (int t : live_) {
      if (t != x && shape(t) == shape(x) && coin()) return keep(g_.add(x, t));
    }
    Shape s = shape(x);
    for (int& n : s) n = coin() ? n : 1;
    while (!s.empty() && s[0] == 1 && coin()) s.erase(s.begin());
    const int c = g_.constant(s);
    const OpKind kinds[] = {OpKind::kAdd,
                            OpKind::kSub,
                            OpKind::kMul,
                            OpKind::kMaximum,
                            OpKind::kMinimum,
                            OpKind::kDiv,
                            OpKind::kSquaredDifference};
    const OpKind kind = kinds[pick(0, 6)];
    Attr attr;
    if (kind != OpKind::kMaximum && kind != OpKind::kMinimum &&
        kind != OpKind::kSquaredDifference) {
      attr = FusedAttr{coin() ? Activation::kRelu : Activation::kNone};
    }
    const std::vector<int> operands =
        coin() ? std::vector{x, c} : std::vector{c, x};
    if (pick(0, 3) > 0) return keep(g_.op(kind, operands, shape(x), attr));
    // An operand that is itself computed, reduced with its axes kept.
    std::vector<bool> reduced(rank(x));
    for (int k = 0; k < rank(x); ++k) reduced[k] = coin();
    const int m = g_.reduce(OpKind::kReduceMax, x, reduced, true);
    keep(m);
    keep(g_.op(kind, {m, x}, shape(x), attr));
  }

  void softmax(int x) {
    if (rank(x) == 0) return;
    const int y = g_.op(OpKind::kSoftmax, {x}, shape(x), AlphaAttr{1.f});
    g_.graph.tensors[y].quant = {{1.f / 256}, {-128}, 0};
    keep(y);
  }

  void fully_connected(int x) {
    const int64_t count = element_count(shape(x));
    int length = static_cast<int>(count);
    if (coin()) {
      length = 1;
      for (int k = rank(x) - 1; k >= 0 && (length == 1 || coin()); --k) {
        length *= shape(x)[k];
      }
    }
    keep(g_.fully_connected(x, length, pick(1, 6)));
  }

  // Operators on NHWC.
  void picture(int x) {
    if (rank(x) != 4) {
      if (rank(x) > 4) return;
      Shape s = shape(x);
      while (s.size() < 4) s.insert(s.begin(), 1);
      x = g_.reshape(x, s);
      keep(x);
    }
    if (coin() && element_count(shape(x)) < 1000) {
      x = g_.pad(x, {0, pick(0, 2), pick(0, 2), 0}, {0, 1, pick(0, 1), 0});
      if (coin()) keep(x);
    }
    const Shape s = shape(x);
    WindowAttr a;
    a.kernel_h = pick(1, std::min(3, s[1]));
    a.kernel_w = pick(1, std::min(3, s[2]));
    a.stride_h = pick(1, 2);
    a.stride_w = pick(1, 2);
    switch (pick(0, 5)) {
      case 0:
      case 1:
        return keep(g_.conv(x, pick(1, 6), a));
      case 2:
        if (s[3] > 20) return;
        a.depth_multiplier = pick(1, 2);
        return keep(g_.depthwise(x, a));
      case 3:
        return keep(g_.op(coin() ? OpKind::kMaxPool2d : OpKind::kAveragePool2d,
                          {x},
                          {s[0], (s[1] - a.kernel_h) / a.stride_h + 1,
                           (s[2] - a.kernel_w) / a.stride_w + 1, s[3]},
                          a));
      case 4: {
        if (element_count(s) > 800) return;
        const Shape out{s[0], s[1] + pick(0, 3), s[2] + pick(0, 3), s[3]};
        const int way = pick(0, 3);
        const ResizeAttr how{way == 1, way == 2};
        return keep(g_.op(
            way == 3 ? OpKind::kResizeNearestNeighbor : OpKind::kResizeBilinear,
            {x}, out, how));
      }
      default:
        if (s[1] % 2 == 0 && s[2] % 2 == 0) {
          return keep(g_.op(OpKind::kSpaceToDepth, {x},
                            {s[0], s[1] / 2, s[2] / 2, s[3] * 4},
                            BlockAttr{2}));
        }
        if (s[3] % 4 == 0) {
          return keep(g_.op(OpKind::kDepthToSpace, {x},
                            {s[0], s[1] * 2, s[2] * 2, s[3] / 4},
                            BlockAttr{2}));
        }
    }
  }

  std::mt19937 random_;
  TestGraph g_;
  std::vector<int> live_;
};

// Operators with their shapes, a line each, for messages.
inline std::string text_of(const Graph& g) {
  std::string text;
  const auto tensor = [&](int t) {
    text += " t" + std::to_string(t) + "[";
    for (int n : g.tensors[t].shape) text += std::to_string(n) + " ";
    text += "]";
  };
  for (const Op& op : g.ops) {
    text += op_name(op.kind);
    for (int t : op.inputs) tensor(t);
    text += " ->";
    for (int t : op.outputs) tensor(t);
    text += "\n";
  }
  return text;
}

}  // namespace shoal
