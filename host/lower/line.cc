#include "host/lower/line.h"

#include <utility>

#include "host/lower/window.h"
#include "host/model/graph/operators.h"

namespace shoal {
namespace {

bool is_one_row(const Shape& s) {
  return s.size() == 4 && s[0] == 1 && s[1] == 1;
}

}  // namespace

bool is_line(const Layer& l, const Shape& in, const Shape& out) {
  return is_one_row(in) && is_one_row(out) && l.kernel_h == 1 &&
         l.pad_top == 0 && (in[2] > 1 || out[2] > 1);
}

bool is_line(const Graph& g, const Op& op) {
  const Shape& in = g.tensors[static_cast<size_t>(op.inputs[0])].shape;
  const Shape& out = g.tensors[static_cast<size_t>(op.outputs[0])].shape;
  // They may become the ends of a dilated convolution.
  if (class_of(op.kind) == OpClass::kBatches) return is_one_row(in);
  Layer l;
  if (const auto* window = std::get_if<WindowAttr>(&op.attr)) {
    set_window(l, *window);
    if (class_of(op.kind) == OpClass::kPool) crop_window(l, in, out);
  }
  return is_line(l, in, out);
}

void turn_window(Layer& l) {
  std::swap(l.kernel_h, l.kernel_w);
  std::swap(l.stride_y, l.stride_x);
  std::swap(l.dilation_y, l.dilation_x);
  std::swap(l.pad_top, l.pad_left);
  std::swap(l.row_map, l.column_map);
  if (l.op == OpCode::kBilinear) {
    std::swap(l.params[0], l.params[2]);
    std::swap(l.params[1], l.params[3]);
  }
}

Extent line_extent(const Shape& s) {
  Extent c = canonical_extent(s);
  if (c.rows == 1) std::swap(c.rows, c.columns);
  return c;
}

}  // namespace shoal
