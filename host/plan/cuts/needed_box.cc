#include <algorithm>
#include <cstring>

#include "device/program/geometry.h"
#include "device/program/params.h"
#include "host/plan/cuts/cuts.h"
#include "host/plan/types/transposition.h"
#include "host/plan/types/uses.h"

namespace shoal {
namespace {

// Returns whether the operator makes its output in one piece, from the whole
// tensor.
bool is_whole(OpCode op) {
  return rows_of(op) == RowsFrom::kAll || rows_of(op) == RowsFrom::kBytes ||
         keeps_state(op);
}

// Returns how an axis of a transposed tensor (rows, columns or channels) is
// cut; nothing of other layers.
TransposedAxis transposed_axis(const Layer& l, size_t axis) {
  if (rows_of(l.op) != RowsFrom::kAll) return {};
  return transposed_axes(l)[axis];
}

int block(const Layer& l) {
  return l.params.empty() ? 1 : std::max(1, static_cast<int>(l.params[0]));
}

struct Line {
  int stride = 1, base = 0;
};
struct MoveLines {
  Line x, c;
};
MoveLines move_lines(const Layer& l) {
  if (l.op == OpCode::kBilinear && l.params.size() == 4) {
    return {{l.params[2], l.params[3]}, {}};
  }
  MoveParams m{1, 0, 1, 0, 1, 0, 0};
  if (l.params.size() * sizeof(int32_t) >= sizeof m) {
    std::memcpy(&m, l.params.data(), sizeof m);
  }
  return {{m.stride_x, m.base_x}, {m.stride_c, m.base_c}};
}

// Returns the part of a rule that columns and channels have in common.
RowRule plain_rule(const Layer& l, int in_size, int out_size) {
  RowRule r;
  r.op = l.op;
  r.in_rows = in_size;
  r.out_rows = out_size;
  r.block = block(l);
  return r;
}

// Columns follow the rules of rows, with the sizes of the other axis.
RowRule column_axis(const Layer& l, const Box& in) {
  RowRule r = plain_rule(l, in.columns(), l.out.box.columns());
  r.kernel_h = l.kernel_w;
  r.stride_y = l.stride_x;
  r.dilation_y = l.dilation_x;
  r.pad_top = l.pad_left;
  const MoveLines m = move_lines(l);
  r.move_stride = m.x.stride, r.move_base = m.x.base;
  return r;
}

RowRange same_or_single(int in_size, int lo, int hi) {
  return in_size == 1 ? RowRange{0, 1} : RowRange{lo, hi};
}

// A map of columns, unlike one of rows, may fall.
RowRange mapped(const std::vector<uint16_t>& map, int lo, int hi) {
  const auto [least, most] =
      std::minmax_element(map.begin() + lo, map.begin() + hi);
  return {*least, *most + 1};
}

RowRange columns(const Layer& l, const Box& in, int lo, int hi) {
  if (is_whole(l.op) || l.reduce_columns) return {0, in.columns()};
  if (is_reduction(l.op)) return same_or_single(in.columns(), lo, hi);
  if (rows_of(l.op) == RowsFrom::kMap) return mapped(l.column_map, lo, hi);
  const RowRule r = column_axis(l, in);
  return needed_rows(r, lo, hi, 0, r.kernel_h);
}

RowRange channels(const Layer& l, const Box& in, int lo, int hi) {
  if (needs_all_channels(l.op) || l.reduce_channels) return {0, in.channels()};
  if (shapes_of(l.op) == ShapeRule::kMultiple) {
    const int m = output_granule(l);
    return {lo / m, (hi - 1) / m + 1};
  }
  if (rows_of(l.op) != RowsFrom::kLine) {
    return same_or_single(in.channels(), lo, hi);
  }
  RowRule r = plain_rule(l, in.channels(), l.out.box.channels());
  const MoveLines m = move_lines(l);
  r.move_stride = m.c.stride, r.move_base = m.c.base;
  return needed_rows(r, lo, hi, 0, 1);
}

}  // namespace

Box needed_box(const Layer& l, int operand, const Box& out) {
  const Box& in = l.in[operand].box;
  if (l.in[operand].tensor < 0 || l.op == OpCode::kConstant) return {};
  if (rows_of(l.op) == RowsFrom::kAll) return transposed_from(l, out);
  const Box& all = l.out.box;
  const RowRange y =
      needed_rows(row_rule(l, operand, {1, l.kernel_h}), out.y0 - all.y0,
                  out.y1 - all.y0, 0, std::max(1, l.kernel_h));
  const RowRange x = columns(l, in, out.x0 - all.x0, out.x1 - all.x0);
  const RowRange c = channels(l, in, out.c0 - all.c0, out.c1 - all.c0);
  return {in.y0 + y.lo, in.y0 + y.hi, in.x0 + x.lo,
          in.x0 + x.hi, in.c0 + c.lo, in.c0 + c.hi};
}

Box port_box(const Layer& l, int operand, const Box& out) {
  Box box = needed_box(l, operand, out);
  const Box& all = l.in[operand].box;
  const auto widen = [](int& lo, int& hi, int first, int last) {
    if (lo < hi) return;
    lo = std::clamp(lo, first, last - 1);
    hi = lo + 1;
  };
  widen(box.y0, box.y1, all.y0, all.y1);
  widen(box.x0, box.x1, all.x0, all.x1);
  widen(box.c0, box.c1, all.c0, all.c1);
  return box;
}

bool can_cut_rows(const Layer& l) {
  if (transposed_axis(l, 0).from >= 0) return true;
  return !is_whole(l.op) && l.out.box.rows() > row_granule(l);
}

bool can_cut_columns(const Layer& l) {
  if (transposed_axis(l, 1).from >= 0) return true;
  return !is_whole(l.op) && l.out.box.columns() > column_granule(l);
}

bool can_cut_outputs(const Layer& l) {
  if (transposed_axis(l, 2).from >= 0) return true;
  // Such operators have separate weights for each output.
  const bool filters = has_weights(l.op) && !keeps_state(l.op);
  return (filters || !needs_all_channels(l.op)) &&
         l.out.box.channels() > output_granule(l);
}

bool can_cut_inputs(const Layer& l) {
  // Nodes exchange sums of 32 bits.
  return !l.is_wide && has_weights(l.op) && needs_all_channels(l.op) &&
         !keeps_state(l.op) && l.in[0].box.channels() > 1;
}

int output_granule(const Layer& l) {
  if (rows_of(l.op) == RowsFrom::kAll) return transposed_axis(l, 2).granule;
  return l.op == OpCode::kDepthwise ? std::max(1, l.depth_multiplier) : 1;
}

int row_granule(const Layer& l) {
  if (rows_of(l.op) == RowsFrom::kAll) return transposed_axis(l, 0).granule;
  return l.op == OpCode::kDepthToSpace ? block(l) : 1;
}

int column_granule(const Layer& l) {
  if (rows_of(l.op) == RowsFrom::kAll) return transposed_axis(l, 1).granule;
  return row_granule(l);
}

}  // namespace shoal
