#include "host/check/rows.h"

#include <algorithm>
#include <climits>
#include <cmath>
#include <cstring>

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

// One axis of a window: output positions and taps to input positions.
struct AxisWindow {
  int stride, dilation, pad;
  bool transposed;
};

Bounds walk(const AxisWindow& w, Interval out, Interval taps) {
  Bounds seen;
  for (int o = out.lo; o < out.hi; ++o) {
    for (int k = taps.lo; k < taps.hi; ++k) {
      if (!w.transposed) {
        seen.see(o * w.stride + k * w.dilation - w.pad);
      } else if (const int v = o + w.pad - k; v >= 0 && v % w.stride == 0) {
        seen.see(v / w.stride);
      }
    }
  }
  return seen;
}

MoveParams move_of(const Layer& layer) {
  MoveParams m{};
  std::memcpy(&m, layer.params.data(),
              std::min(sizeof m, layer.params.size() * sizeof(int32_t)));
  return m;
}

Bounds walk_move(int stride, int base, Interval out) {
  Bounds seen;
  seen.see(out.lo * stride + base);
  seen.see((out.hi - 1) * stride + base);
  return seen;
}

// Places beside each position of 1024ths; those behind the last one are cut.
Bounds walk_between(int scale, int base, Interval out, int size) {
  Bounds seen;
  for (int o = out.lo; o < out.hi; ++o) {
    const double position = (double{1} * o * scale + base) / 1024;
    for (const double place : {std::floor(position), std::ceil(position)}) {
      seen.see(static_cast<int>(std::clamp(place, 0.0, size - 1.0)));
    }
  }
  return seen;
}

Bounds walk_map(const std::vector<uint16_t>& map, Interval out) {
  Bounds seen;
  for (int o = out.lo; o < out.hi && o < static_cast<int>(map.size()); ++o) {
    seen.see(map[o]);
  }
  return seen;
}

Bounds plain(Interval s) {
  Bounds seen;
  if (s.hi > s.lo) seen.see(s.lo), seen.see(s.hi - 1);
  return seen;
}

// The same position, or the only one.
Bounds matching(Interval out, int in_size) {
  return in_size == 1 ? plain({0, 1}) : plain(out);
}

int block_of(const Layer& layer) {
  return layer.params.empty() ? 1 : std::max(1, int(layer.params[0]));
}

// `out` counts from the view's first row.
Bounds rows_needed(const Layer& l, int operand, Interval out, Interval kernel) {
  const Box& in = l.in[operand].box;
  if (slides(l.op)) {
    return walk(
        {l.stride_y, l.dilation_y, l.pad_top, l.op == OpCode::kTransposeConv},
        out, kernel);
  }
  switch (l.op) {
    case OpCode::kMove: {
      const MoveParams m = move_of(l);
      return walk_move(m.stride_y, m.base_y, out);
    }
    case OpCode::kBilinear:
      return walk_between(l.params.at(0), l.params.at(1), out, in.rows());
    case OpCode::kMatmul:
      return plain(operand == 1 ? Interval{0, in.rows()} : out);
    case OpCode::kResize:
      return walk_map(l.row_map, out);
    case OpCode::kSpaceToDepth:
      return plain({out.lo * block_of(l), out.hi * block_of(l)});
    case OpCode::kDepthToSpace:
      return plain({out.lo / block_of(l), (out.hi - 1) / block_of(l) + 1});
    case OpCode::kTranspose:
      return plain({0, in.rows()});
    case OpCode::kReshape: {
      const int64_t from = int64_t{1} * in.columns() * in.channels();
      const int64_t to =
          int64_t{1} * l.out.box.columns() * l.out.box.channels();
      const int64_t last = out.hi * to - 1;
      return plain({static_cast<int>(out.lo * to / from),
                    static_cast<int>(last / from) + 1});
    }
    default:
      return matching(out, in.rows());
  }
}

Bounds columns_needed(const Layer& l, int operand, Interval out) {
  const Box& in = l.in[operand].box;
  const Interval all{0, in.columns()};
  switch (l.op) {
    case OpCode::kConv:
    case OpCode::kDepthwise:
    case OpCode::kTransposeConv:
    case OpCode::kAveragePool:
    case OpCode::kMaxPool:
      return walk({l.stride_x, l.dilation_x, l.pad_left,
                   l.op == OpCode::kTransposeConv},
                  out, {0, l.kernel_w});
    case OpCode::kReduceSum:
    case OpCode::kReduceMax:
      return plain(l.reduce_columns ? all : out);
    case OpCode::kMove: {
      const MoveParams m = move_of(l);
      return walk_move(m.stride_x, m.base_x, out);
    }
    case OpCode::kBilinear:
      return walk_between(l.params.at(2), l.params.at(3), out, in.columns());
    case OpCode::kResize:
      return walk_map(l.column_map, out);
    case OpCode::kSpaceToDepth:
      return plain({out.lo * block_of(l), out.hi * block_of(l)});
    case OpCode::kDepthToSpace:
      return plain({out.lo / block_of(l), (out.hi - 1) / block_of(l) + 1});
    case OpCode::kTranspose:
    case OpCode::kReshape:
      return plain(all);
    default:
      return matching(out, in.columns());
  }
}

Bounds channels_needed(const Layer& l, int operand, Interval out) {
  const Box& in = l.in[operand].box;
  const Interval all{0, in.channels()};
  switch (l.op) {
    case OpCode::kConv:
    case OpCode::kTransposeConv:
    case OpCode::kSoftmax:
    case OpCode::kLogSoftmax:
    case OpCode::kArgMax:
    case OpCode::kRunningSum:
    case OpCode::kMatmul:
    case OpCode::kSpaceToDepth:
    case OpCode::kDepthToSpace:
    case OpCode::kTranspose:
    case OpCode::kReshape:
      return plain(all);
    case OpCode::kDepthwise: {
      const int m = std::max(1, l.depth_multiplier);
      return plain({out.lo / m, (out.hi - 1) / m + 1});
    }
    case OpCode::kReduceSum:
    case OpCode::kReduceMax:
      return plain(l.reduce_channels ? all : out);
    case OpCode::kMove: {
      const MoveParams m = move_of(l);
      return walk_move(m.stride_c, m.base_c, out);
    }
    default:
      return matching(out, in.channels());
  }
}

// An operator that reads "the same position" of its port can not be told
// that the port begins elsewhere than the output's.
bool begins_alike(const Layer& l, const Box& in, const Box& needed) {
  const bool exact_rows = !slides(l.op) && l.op != OpCode::kMove &&
                          l.op != OpCode::kResize && l.op != OpCode::kBilinear;
  const bool reduces = l.op == OpCode::kReduceSum || l.op == OpCode::kReduceMax;
  const bool exact_columns = reduces || exact_rows;
  const bool exact_channels = l.op != OpCode::kMove;
  return (!reduces || in.y0 == needed.y0) &&
         (!exact_rows || (in.y0 == needed.y0 && in.y1 == needed.y1)) &&
         (!exact_columns || (in.x0 == needed.x0 && in.x1 == needed.x1)) &&
         (!exact_channels || (in.c0 == needed.c0 && in.c1 == needed.c1));
}

// Blocks, softmax and re-chunking know their whole rows or tensors only.
bool whole_output(const Layer& l, const Box& out) {
  const Box& all = l.out.box;
  switch (l.op) {
    case OpCode::kTranspose:
    case OpCode::kReshape:
      return out == all;
    case OpCode::kSpaceToDepth:
    case OpCode::kSoftmax:
    case OpCode::kLogSoftmax:
    case OpCode::kArgMax:
    case OpCode::kRunningSum:
    case OpCode::kMatmul:
      return out.channels() == all.channels();
    case OpCode::kDepthToSpace:
      return out.channels() == all.channels() &&
             (out.y0 - all.y0) % block_of(l) == 0 &&
             (out.x0 - all.x0) % block_of(l) == 0;
    case OpCode::kDepthwise:
      return (out.c0 - all.c0) % std::max(1, l.depth_multiplier) == 0;
    default:
      return true;
  }
}

}  // namespace

bool slides(OpCode op) {
  switch (op) {
    case OpCode::kConv:
    case OpCode::kDepthwise:
    case OpCode::kTransposeConv:
    case OpCode::kAveragePool:
    case OpCode::kMaxPool:
    case OpCode::kReduceSum:
    case OpCode::kReduceMax:
      return true;
    default:
      return false;
  }
}

Interval row_dependence(const Layer& l, int operand, Interval out,
                        Interval kernel) {
  const int y0 = l.out.box.y0;
  const Box& in = l.in[operand].box;
  return rows_needed(l, operand, {out.lo - y0, out.hi - y0}, kernel)
      .within(in.rows(), in.y0);
}

Box dependence(const Layer& l, int operand, const Box& out) {
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
  if (!whole_output(l, out)) return "makes a part that the operator cannot";
  Box needed = dependence(l, operand, out);
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
        f.in[i] =
            row_dependence(l, i, rows, {ky, std::min(ky + step, l.kernel_h)});
      }
      all.push_back(f);
    }
  }
  for (int i = 0; i < 2; ++i) {
    if (a.in[i] < 0) continue;
    int rest = stage.ports[a.in[i]].box.y1;  // what later firings still read
    for (size_t f = all.size(); f-- > 0;) {
      all[f].released[i] = rest;
      // What reads nothing waits for nothing: a row between the strides of a
      // transposed convolution.
      if (all[f].in[i].size() > 0) rest = std::min(rest, all[f].in[i].lo);
    }
  }
  return all;
}

}  // namespace shoal
