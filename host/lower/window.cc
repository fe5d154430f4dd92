#include "host/lower/window.h"

#include <algorithm>
#include <string>
#include <utility>

#include "host/lower/line.h"
#include "host/lower/turn.h"
#include "host/lower/wide.h"
#include "host/model/graph/quantize.h"

namespace shoal {
namespace {

// A stride means nothing to one output, and a dilation nothing to one tap.
void drop_unused_steps(Layer& l, int out_h, int out_w) {
  if (l.op == OpCode::kTransposeConv) return;
  if (out_h == 1) l.stride_y = 1;
  if (out_w == 1) l.stride_x = 1;
  if (l.kernel_h == 1) l.dilation_y = 1;
  if (l.kernel_w == 1) l.dilation_x = 1;
}

void crop(int& kernel, int& pad, int in, int out) {
  if (out != 1) return;
  const int lo = pad > 0 ? pad : 0;
  const int hi = kernel < pad + in ? kernel : pad + in;
  pad -= lo;
  kernel = hi - lo;
}

// Returns how many layers share the rows of a long signal, because a tall
// window makes one row in several firings and one layer would fire too often;
// 1: it does not, or no number of layers helps.
int phases_of(const Layer& l, const Extent& out) {
  constexpr int kMostPhases = 32;
  if ((l.op != OpCode::kConv && l.op != OpCode::kDepthwise) ||
      l.kernel_h <= kMaxWindowRows) {
    return 1;
  }
  const int64_t parts = (l.kernel_h + kMaxWindowRows - 1) / kMaxWindowRows;
  const int64_t firings = parts * out.rows;
  const int64_t phases = (firings + kMaxFirings - 1) / kMaxFirings;
  const bool fits = phases <= kMostPhases && phases * l.stride_y <= kMaxStep &&
                    phases * out.columns <= kMaxColumns;
  return fits ? static_cast<int>(phases) : 1;
}

// The layer for output rows `first`, `first` + `every` and so on.
Layer phase_of(const Layer& l, int first, int every) {
  Layer one = l;
  const int begin = first * l.stride_y - l.pad_top;
  one.pad_top = std::max(-begin, 0);
  one.in[0].box.y0 += std::max(begin, 0);
  one.stride_y = l.stride_y * every;
  return one;
}

// Rows 0, n, 2n ... of the result are made by one layer, rows 1, n + 1 ... by
// the next. They are the columns of a tensor with a row for n of the result's,
// which has the same bytes. Rows that are left over have a layer of their own.
View add_phases(Builder& b, Layer l, int y, const Extent& out, int n) {
  const std::string& name = b.tensor(y).name;
  const int blocks = out.rows / n, whole = blocks * n;
  const int first_layer = static_cast<int>(b.net().layers.size());
  const int64_t row_macs = l.macs / out.rows;
  const auto add = [&](Layer one, const View& to) {
    one.out = to;
    one.macs = row_macs * to.box.rows();
    const bool is_first =
        static_cast<int>(b.net().layers.size()) == first_layer;
    if (!is_first) one.weights_of = first_layer;
    b.add(std::move(one));
  };
  const View parts =
      b.new_tensor(name, {blocks, n * out.columns, out.channels}, b.width(y));
  for (int phase = 0; phase < n; ++phase) {
    View to = parts;
    to.box.x0 = phase * out.columns;
    to.box.x1 = to.box.x0 + out.columns;
    add(phase_of(l, phase, n), to);
  }
  const View made =
      b.as_extent({parts, {}, {}}, {whole, out.columns, out.channels});
  if (whole == out.rows) return made;
  const View all = b.new_tensor(name, out, b.width(y));
  View front = all, rest = all;
  front.box.y1 = rest.box.y0 = whole;
  b.copy_part(y, made, front);
  add(phase_of(l, whole, 1), rest);
  return all;
}

}  // namespace

void set_window(Layer& l, const WindowAttr& a) {
  l.kernel_h = a.kernel_h;
  l.kernel_w = a.kernel_w;
  l.stride_y = a.stride_h;
  l.stride_x = a.stride_w;
  l.dilation_y = a.dilation_h;
  l.dilation_x = a.dilation_w;
  l.pad_top = a.pad_top;
  l.pad_left = a.pad_left;
}

void crop_window(Layer& l, const Shape& in, const Shape& out) {
  crop(l.kernel_h, l.pad_top, in[1], out[1]);
  crop(l.kernel_w, l.pad_left, in[2], out[2]);
}

void add_on_pictures(Builder& b, Layer l, int x, int y) {
  const Shape& in = b.tensor(x).shape;
  const Shape& out = b.tensor(y).shape;
  const Value v = b.picture(x);
  const bool one_row = extent_of(v.view.box) == canonical_extent(in);
  // A row that lies as one is not cut up for a single result.
  const bool line = is_line(l, in, out) && !(one_row && out[2] == 1);
  const bool turned = b.is_turned(x) && !line;
  if (line) turn_window(l);
  if (turned) turn_layer(l);
  const auto extent = [&](const Shape& s) {
    if (line) return line_extent(s);
    return canonical_extent(turned ? permuted(s, turned_order()) : s);
  };
  Extent from = extent(in);
  if (const int steps = in[0] == 1 ? steps_at_once(l, from) : 1; steps > 1) {
    join_steps(l, steps, from.channels);
    from = joined_steps(from, steps);
  }
  l.in[0] = b.as_extent(v, from);
  if (const int phases = in[0] == 1 ? phases_of(l, extent(out)) : 1;
      phases > 1) {
    const View made = add_phases(b, std::move(l), y, extent(out), phases);
    const Shape shape = squeezed(out);
    const std::vector<int> order =
        turned ? squeezed_order(turned_order(), out)
               : identity_order(static_cast<int>(shape.size()));
    return b.set(y, {made, shape, order});
  }
  l.out = b.picture_result(y, extent(out));
  add_per_picture(b, std::move(l), in[0]);
}

void add_per_picture(Builder& b, Layer l, int pictures) {
  const int in_h = l.in[0].box.rows() / pictures;
  const int out_h = l.out.box.rows() / pictures;
  drop_unused_steps(l, out_h, l.out.box.columns());
  const bool has_kernel =
      l.op != OpCode::kResize && l.op != OpCode::kBilinear &&
      l.op != OpCode::kSpaceToDepth && l.op != OpCode::kDepthToSpace;
  const bool row_by_row = has_kernel && l.kernel_h == 1 && l.stride_y == 1 &&
                          l.pad_top == 0 && in_h == out_h;
  if (pictures == 1 || row_by_row) {
    b.add(std::move(l));
    return;
  }
  const View in = l.in[0];
  l.macs /= pictures;
  for (int n = 0; n < pictures; ++n) {
    Layer one = l;
    one.in[0].box.y0 = in.box.y0 + n * in_h;
    one.in[0].box.y1 = one.in[0].box.y0 + in_h;
    one.out.box.y0 = n * out_h;
    one.out.box.y1 = one.out.box.y0 + out_h;
    b.add(std::move(one));
  }
}

void lower_pool(Builder& b) {
  const Op& op = b.op();
  const auto& attr = std::get<WindowAttr>(op.attr);
  const int x = op.inputs[0], y = op.outputs[0];
  Layer l = b.layer(
      op.kind == OpKind::kMaxPool2d ? OpCode::kMaxPool : OpCode::kAveragePool,
      y);
  set_window(l, attr);
  crop_window(l, b.tensor(x).shape, b.tensor(y).shape);
  if (is_int16(b.tensor(y))) {
    add_wide_params(l, attr.activation, b.tensor(y).scale());
  } else {
    const auto range = activation_range(attr.activation, b.tensor(y).scale(),
                                        b.tensor(y).zero());
    l.act_min = range.first;
    l.act_max = range.second;
  }
  l.zero_in = b.tensor(x).zero();
  add_on_pictures(b, std::move(l), x, y);
}

void lower_resize(Builder& b) {
  const Op& op = b.op();
  const auto& attr = std::get<ResizeAttr>(op.attr);
  const int x = op.inputs[0], y = op.outputs[0];
  const Shape& in = b.tensor(x).shape;
  const Shape& out = b.tensor(y).shape;
  Layer l = b.layer(OpCode::kResize, y);
  l.row_map = nearest_indices(in[1], out[1], attr);
  l.column_map = nearest_indices(in[2], out[2], attr);
  add_on_pictures(b, std::move(l), x, y);
}

void lower_bilinear(Builder& b) {
  const Op& op = b.op();
  const auto& attr = std::get<ResizeAttr>(op.attr);
  const int x = op.inputs[0], y = op.outputs[0];
  const Shape& in = b.tensor(x).shape;
  const Shape& out = b.tensor(y).shape;
  Layer l = b.layer(OpCode::kBilinear, y);
  const BilinearLine rows = bilinear_line(in[1], out[1], attr);
  const BilinearLine columns = bilinear_line(in[2], out[2], attr);
  l.params = {rows.scale, rows.base, columns.scale, columns.base};
  add_on_pictures(b, std::move(l), x, y);
}

void lower_blocks(Builder& b) {
  const Op& op = b.op();
  const int x = op.inputs[0], y = op.outputs[0];
  const Shape& in = b.tensor(x).shape;
  Layer l = b.layer(op.kind == OpKind::kSpaceToDepth ? OpCode::kSpaceToDepth
                                                     : OpCode::kDepthToSpace,
                    y);
  l.params = {std::get<BlockAttr>(op.attr).block};
  l.in[0] = b.plain(x, canonical_extent(in));
  l.out = b.result(y, canonical_extent(b.tensor(y).shape));
  // Blocks never cross from one picture into the next.
  b.add(std::move(l));
}

}  // namespace shoal
