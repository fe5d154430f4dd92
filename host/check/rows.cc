#include "host/check/rows.h"

#include <algorithm>
#include <climits>
#include <cmath>
#include <cstring>
#include <iterator>

#include "device/program/kinds.h"
#include "device/program/params.h"

namespace shoal {
namespace {

// Smallest and largest of what it has seen.
class Bounds {
 public:
  void see(int v) {
    low_ = std::min(low_, v);
    high_ = std::max(high_, v);
  }
  // Cut to [0, size), then moved to where the view begins.
  Interval within(int size, int origin) const {
    if (low_ > high_) return {origin, origin};
    const int lo = std::clamp(low_, 0, size);
    const int hi = std::clamp(high_ + 1, 0, size);
    return {origin + lo, origin + std::max(lo, hi)};
  }

 private:
  int low_ = INT_MAX, high_ = INT_MIN;
};

// A rule's view of one axis of an operand; positions of `out` count from the
// view's first one.
struct Axis {
  const Layer& layer;
  int operand;
  Interval out, kernel;
  int size;  // of the operand
  int stride, dilation, pad;
  int line_stride, line_base;
  const std::vector<uint16_t>* map;
  bool reduced;
};
using Rule = Bounds (*)(const Axis&);

Bounds plain(Interval s) {
  Bounds seen;
  if (s.hi > s.lo) seen.see(s.lo), seen.see(s.hi - 1);
  return seen;
}

Bounds all(const Axis& a) { return plain({0, a.size}); }

// Returns the same position, or the only one.
Bounds same(const Axis& a) { return a.size == 1 ? all(a) : plain(a.out); }

Bounds window(const Axis& a) {
  Bounds seen;
  for (int o = a.out.lo; o < a.out.hi; ++o) {
    for (int k = a.kernel.lo; k < a.kernel.hi; ++k) {
      seen.see(o * a.stride + k * a.dilation - a.pad);
    }
  }
  return seen;
}

// Positions whose windows cover the result's.
Bounds scattered(const Axis& a) {
  Bounds seen;
  for (int o = a.out.lo; o < a.out.hi; ++o) {
    for (int k = a.kernel.lo; k < a.kernel.hi; ++k) {
      const int v = o + a.pad - k;
      if (v >= 0 && v % a.stride == 0) seen.see(v / a.stride);
    }
  }
  return seen;
}

Bounds reduced(const Axis& a) { return a.reduced ? all(a) : plain(a.out); }

Bounds line(const Axis& a) {
  Bounds seen;
  seen.see(a.out.lo * a.line_stride + a.line_base);
  seen.see((a.out.hi - 1) * a.line_stride + a.line_base);
  return seen;
}

// Places beside each position of 1024ths; those behind the last one are cut.
Bounds between(const Axis& a) {
  Bounds seen;
  for (int o = a.out.lo; o < a.out.hi; ++o) {
    const double position =
        (double{1} * o * a.line_stride + a.line_base) / 1024;
    for (const double place : {std::floor(position), std::ceil(position)}) {
      seen.see(static_cast<int>(std::clamp(place, 0.0, a.size - 1.0)));
    }
  }
  return seen;
}

Bounds mapped(const Axis& a) {
  Bounds seen;
  const auto size = static_cast<int>(a.map->size());
  for (int o = a.out.lo; o < a.out.hi && o < size; ++o) {
    seen.see((*a.map)[static_cast<size_t>(o)]);
  }
  return seen;
}

int block_of(const Layer& layer) {
  return layer.params.empty() ? 1 : std::max(1, int(layer.params[0]));
}
int multiple_of(const Layer& layer) {
  return std::max(1, layer.depth_multiplier);
}

Bounds quotients(Interval out, int divisor) {
  return plain({out.lo / divisor, (out.hi - 1) / divisor + 1});
}
Bounds blocks(const Axis& a) {
  const int block = block_of(a.layer);
  return plain({a.out.lo * block, a.out.hi * block});
}
Bounds in_blocks(const Axis& a) { return quotients(a.out, block_of(a.layer)); }
Bounds multiples(const Axis& a) {
  return quotients(a.out, multiple_of(a.layer));
}

// Returns the rows that hold the same bytes.
Bounds bytes(const Axis& a) {
  const Box &in = a.layer.in[a.operand].box, &out = a.layer.out.box;
  const int64_t from = int64_t{1} * in.columns() * in.channels();
  const int64_t to = int64_t{1} * out.columns() * out.channels();
  return plain({static_cast<int>(a.out.lo * to / from),
                static_cast<int>((a.out.hi * to - 1) / from) + 1});
}

// The right side of a product is needed whole.
Bounds left_only(const Axis& a) {
  return a.operand == 1 ? all(a) : plain(a.out);
}

// A step reads its own row; the state before the first step is needed whole.
Bounds steps(const Axis& a) { return a.operand == 1 ? all(a) : plain(a.out); }

// The checker's own rules for each operator, independent of the planner's.
struct Dependence {
  OpCode op;
  Rule rows, columns, channels;
  // True if the output's channels can only be made all together.
  bool whole_channels = false;
};

constexpr Dependence kDependences[] = {
    {OpCode::kConv, window, window, all},
    {OpCode::kDepthwise, window, window, multiples},
    {OpCode::kTransposeConv, scattered, scattered, all},
    {OpCode::kAveragePool, window, window, same},
    {OpCode::kMaxPool, window, window, same},
    {OpCode::kReduceSum, window, reduced, reduced},
    {OpCode::kReduceMax, window, reduced, reduced},
    {OpCode::kAdd, same, same, same},
    {OpCode::kMul, same, same, same},
    {OpCode::kMaximum, same, same, same},
    {OpCode::kMinimum, same, same, same},
    {OpCode::kPrelu, same, same, same},
    {OpCode::kLut, same, same, same},
    {OpCode::kSoftmax, same, same, all, true},
    {OpCode::kMove, line, line, line},
    {OpCode::kResize, mapped, mapped, same},
    {OpCode::kSpaceToDepth, blocks, blocks, all, true},
    {OpCode::kDepthToSpace, in_blocks, in_blocks, all, true},
    {OpCode::kTranspose, all, all, all},  // shares: see transposed()
    {OpCode::kReshape, bytes, all, all, true},
    {OpCode::kConstant, same, same, same},
    {OpCode::kRequantize, same, same, same},
    {OpCode::kDivide, same, same, same},
    {OpCode::kSquaredDifference, same, same, same},
    {OpCode::kLogSoftmax, same, same, all, true},
    {OpCode::kBilinear, between, between, same},
    {OpCode::kArgMax, same, same, all, true},
    {OpCode::kRunningSum, same, same, all, true},
    {OpCode::kMatmul, left_only, same, all, true},
    {OpCode::kL2Norm, same, same, all, true},
    {OpCode::kProbability, same, same, all, true},
    {OpCode::kRescale, same, same, same},
    {OpCode::kSigmoid, same, same, same},
    {OpCode::kWideSoftmax, same, same, all, true},
    {OpCode::kLstm, steps, all, all, true},
    {OpCode::kCell, steps, all, all, true},
};

constexpr bool in_order() {
  for (size_t i = 0; i < std::size(kDependences); ++i) {
    if (static_cast<size_t>(kDependences[i].op) != i + 1) return false;
  }
  return true;
}
static_assert(in_order() && std::size(kDependences) == kActorKindCount);

const Dependence& dependence_of(OpCode op) {
  return kDependences[static_cast<size_t>(op) - 1];
}

Axis axis_of(const Layer& l, int operand, Interval out, Interval kernel) {
  return {l, operand, out, kernel, 1, 1, 1, 0, 1, 0, nullptr, false};
}

MoveParams move_of(const Layer& layer) {
  MoveParams m{};
  std::memcpy(&m, layer.params.data(),
              std::min(sizeof m, layer.params.size() * sizeof(int32_t)));
  return m;
}

// Strides and bases lie in the parameters of moves in pairs, by axis.
void set_line(Axis& a, int axis) {
  if (a.layer.op == OpCode::kBilinear && axis < 2) {
    a.line_stride = a.layer.params.at(2 * axis);
    a.line_base = a.layer.params.at(2 * axis + 1);
  }
  if (a.layer.op != OpCode::kMove) return;
  const MoveParams m = move_of(a.layer);
  const int strides[] = {m.stride_y, m.stride_x, m.stride_c};
  const int bases[] = {m.base_y, m.base_x, m.base_c};
  a.line_stride = strides[axis], a.line_base = bases[axis];
}

Bounds rows_needed(const Layer& l, int operand, Interval out, Interval kernel) {
  Axis a = axis_of(l, operand, out, kernel);
  a.size = l.in[operand].box.rows();
  a.stride = l.stride_y, a.dilation = l.dilation_y, a.pad = l.pad_top;
  a.map = &l.row_map;
  set_line(a, 0);
  return dependence_of(l.op).rows(a);
}

Bounds columns_needed(const Layer& l, int operand, Interval out) {
  Axis a = axis_of(l, operand, out, {0, l.kernel_w});
  a.size = l.in[operand].box.columns();
  a.stride = l.stride_x, a.dilation = l.dilation_x, a.pad = l.pad_left;
  a.map = &l.column_map;
  a.reduced = l.reduce_columns;
  set_line(a, 1);
  return dependence_of(l.op).columns(a);
}

Bounds channels_needed(const Layer& l, int operand, Interval out) {
  Axis a = axis_of(l, operand, out, {0, 1});
  a.size = l.in[operand].box.channels();
  a.reduced = l.reduce_channels;
  set_line(a, 2);
  return dependence_of(l.op).channels(a);
}

// Returns the least box that has the elements which a transposition puts into
// `out`. It follows them one by one.
Box transposed(const Layer& l, const Box& out) {
  const Box &in = l.in[0].box, &all = l.out.box;
  TransposeParams p{};
  if (out == all || l.params.size() * sizeof(int32_t) != sizeof p) return in;
  std::memcpy(&p, l.params.data(), sizeof p);
  const int64_t pixel = in.channels(), row = pixel * in.columns();
  Bounds rows, columns, channels;
  for (int y = out.y0 - all.y0; y < out.y1 - all.y0; ++y) {
    for (int x = out.x0 - all.x0; x < out.x1 - all.x0; ++x) {
      for (int c = out.c0 - all.c0; c < out.c1 - all.c0; ++c) {
        int64_t number = (int64_t{y} * all.columns() + x) * all.channels() + c;
        int64_t from = 0;
        for (int i = 4; i-- > 0;) {
          from += number % p.size[i] * p.stride[i];
          number /= p.size[i];
        }
        rows.see(static_cast<int>(from / row));
        columns.see(static_cast<int>(from % row / pixel));
        channels.see(static_cast<int>(from % pixel));
      }
    }
  }
  const Interval y = rows.within(in.rows(), in.y0);
  const Interval x = columns.within(in.columns(), in.x0);
  const Interval c = channels.within(in.channels(), in.c0);
  return {y.lo, y.hi, x.lo, x.hi, c.lo, c.hi};
}

// Told where the port begins, wherever the output's does.
bool is_movable(Rule rule) {
  return rule == window || rule == scattered || rule == line ||
         rule == between || rule == mapped;
}

// An operator that reads "the same position" of its port can not be told
// that the port begins elsewhere than the output's.
bool begins_alike(const Layer& l, const Box& in, const Box& needed) {
  const Dependence& d = dependence_of(l.op);
  const bool reduces = d.columns == reduced;
  return (!reduces || in.y0 == needed.y0) &&
         (is_movable(d.rows) || (in.y0 == needed.y0 && in.y1 == needed.y1)) &&
         (is_movable(d.columns) ||
          (in.x0 == needed.x0 && in.x1 == needed.x1)) &&
         (is_movable(d.channels) || (in.c0 == needed.c0 && in.c1 == needed.c1));
}

// Blocks, softmax and re-chunking know their whole rows or tensors only.
bool whole_output(const Layer& l, const Box& out) {
  const Dependence& d = dependence_of(l.op);
  const Box& whole = l.out.box;
  if (d.columns == all && out != whole) return false;
  if (d.whole_channels && out.channels() != whole.channels()) return false;
  if (d.channels == multiples) {
    return (out.c0 - whole.c0) % multiple_of(l) == 0;
  }
  return d.rows != in_blocks || ((out.y0 - whole.y0) % block_of(l) == 0 &&
                                 (out.x0 - whole.x0) % block_of(l) == 0);
}

}  // namespace

bool has_state(OpCode op) { return dependence_of(op).rows == steps; }

bool slides(OpCode op) {
  return dependence_of(op).rows == window ||
         dependence_of(op).rows == scattered;
}

Interval row_dependence(const Layer& l, int operand, Interval out,
                        Interval kernel) {
  const int y0 = l.out.box.y0;
  const Box& in = l.in[operand].box;
  return rows_needed(l, operand, {out.lo - y0, out.hi - y0}, kernel)
      .within(in.rows(), in.y0);
}

Box dependence(const Layer& l, int operand, const Box& out) {
  if (l.op == OpCode::kTranspose) return transposed(l, out);
  const Box& all = l.out.box;
  const Box& in = l.in[operand].box;
  const Interval y =
      row_dependence(l, operand, {out.y0, out.y1}, {0, l.kernel_h});
  const Interval x =
      columns_needed(l, operand, {out.x0 - all.x0, out.x1 - all.x0})
          .within(in.columns(), in.x0);
  const Interval c =
      channels_needed(l, operand, {out.c0 - all.c0, out.c1 - all.c0})
          .within(in.channels(), in.c0);
  return {y.lo, y.hi, x.lo, x.hi, c.lo, c.hi};
}

const char* misfit(const Layer& l, int operand, const Box& in, const Box& out,
                   bool some_channels) {
  if (!contains(l.in[operand].box, in)) return "leaves the layer's view";
  constexpr const char* kCannot = "makes a part that the operator cannot";
  const bool is_transposed = l.op == OpCode::kTranspose;
  if (!is_transposed && !whole_output(l, out)) return kCannot;
  Box needed = dependence(l, operand, out);
  // The box of a transposition's operand has no other elements than those of
  // `out` if it has as many.
  if (is_transposed && needed.elements() != out.elements()) return kCannot;
  if (some_channels) needed.c0 = in.c0, needed.c1 = in.c1;
  if (!needed.empty() && !contains(in, needed)) return "misses what is read";
  if (!begins_alike(l, in, needed)) return "does not match the output";
  return nullptr;
}

Box made_box(const Net& net, const PlanStage& stage, int actor) {
  const PlanActor& a = stage.actors[actor];
  const PlanPort& port = stage.ports[a.out];
  Box box = port.box;
  if (!stage.buffers[port.buffer].is_private) return box;
  if (net.layers[a.layer].op == OpCode::kLut) {  // passes all channels on
    const Box before = read_box(net, stage, actor, 0);
    box.c0 = before.c0, box.c1 = before.c1;
    return box;
  }
  const auto& chunks = a.weights.chunks;
  const int c0 = net.layers[a.layer].out.box.c0;
  box.c0 = c0 + chunks.front().out0;
  box.c1 = c0 + chunks.back().out0 + chunks.back().out_n;
  return box;
}

Box read_box(const Net& net, const PlanStage& stage, int actor, int operand) {
  const PlanPort& port = stage.ports[stage.actors[actor].in[operand]];
  Box box = port.box;
  if (!stage.buffers[port.buffer].is_private) return box;
  const Box before = made_box(net, stage, actor - 1);
  box.c0 = before.c0, box.c1 = before.c1;
  return box;
}

std::vector<FiringNeeds> firings_of(const Layer& l, const PlanActor& a,
                                    const PlanStage& stage) {
  std::vector<FiringNeeds> all;
  const Box& out = stage.ports[a.out].box;
  const bool cut = slides(l.op) && a.part < l.kernel_h;
  const int step = cut ? a.part : std::max(1, l.kernel_h);
  for (int y = out.y0; y < out.y1; y += a.band) {
    const Interval rows{y, std::min(y + a.band, out.y1)};
    for (int ky = 0; ky < std::max(1, l.kernel_h); ky += step) {
      FiringNeeds f{};
      f.out = rows;
      f.writes = ky + step >= l.kernel_h;
      for (int i = 0; i < 2; ++i) {
        if (a.in[i] < 0) continue;
        const Box& in = stage.ports[a.in[i]].box;
        f.in[i] = l.op == OpCode::kTranspose
                      ? Interval{in.y0, in.y1}
                      : row_dependence(l, i, rows,
                                       {ky, std::min(ky + step, l.kernel_h)});
      }
      all.push_back(f);
    }
  }
  for (int i = 0; i < 2; ++i) {
    if (a.in[i] < 0) continue;
    int rest = stage.ports[a.in[i]].box.y1;  // what later firings still read
    for (size_t f = all.size(); f-- > 0;) {
      all[f].released[i] = rest;
      // A row that reads nothing waits for nothing: a row between the strides
      // of a transposed convolution.
      if (all[f].in[i].size() > 0) rest = std::min(rest, all[f].in[i].lo);
    }
  }
  return all;
}

}  // namespace shoal
