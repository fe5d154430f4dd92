#include "host/lower/line.h"

#include <algorithm>
#include <cstddef>
#include <utility>

#include "host/lower/window.h"
#include "host/model/graph/operators.h"

namespace shoal {
namespace {

// Operators whose windows move along rows if there is only one row.
constexpr ByClass<bool> kMovesWindows({{OpClass::kConvolution, true},
                                       {OpClass::kPool, true},
                                       {OpClass::kResize, true},
                                       {OpClass::kBilinear, true}},
                                      false);

bool is_one_row(const Shape& s) {
  return s.size() == 4 && s[0] == 1 && s[1] == 1;
}

}  // namespace

bool is_line(const Layer& l, const Shape& in, const Shape& out) {
  return is_one_row(in) && is_one_row(out) && l.kernel_h == 1 &&
         l.pad_top == 0 && (in[2] > 1 || out[2] > 1);
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

int steps_at_once(const Layer& l, const Extent& in) {
  constexpr int kMostStride = 255, kMost = 65535;  // that stay single steps
  const bool is_signal = l.op == OpCode::kConv && in.columns == 1 &&
                         l.kernel_w == 1 && l.pad_left == 0 &&
                         l.dilation_y == 1;
  if (!is_signal || (l.stride_y <= kMostStride && in.rows <= kMost)) return 1;
  for (int n = std::min(l.stride_y, kMost / in.channels); n > 1; --n) {
    const bool divides = l.stride_y % n == 0 && in.rows % n == 0;
    if (divides && l.stride_y / n <= kMostStride && in.rows / n <= kMost) {
      return n;
    }
  }
  return 1;
}

void join_steps(Layer& l, int steps, int channels) {
  const int before = (steps - l.pad_top % steps) % steps;
  const int taps = (before + l.kernel_h + steps - 1) / steps;
  const auto old_size = static_cast<std::ptrdiff_t>(l.kernel_h) * channels;
  const auto size = static_cast<std::ptrdiff_t>(taps) * steps * channels;
  const auto outputs = static_cast<std::ptrdiff_t>(l.weights.bias.size());
  std::vector<int8_t> values(static_cast<size_t>(outputs * size),
                             static_cast<int8_t>(l.zero_weight));
  for (std::ptrdiff_t o = 0; o < outputs; ++o) {
    const auto from = l.weights.values.begin() + o * old_size;
    std::copy(from, from + old_size,
              values.begin() + o * size + before * channels);
  }
  l.weights.values = std::move(values);
  l.kernel_h = taps;
  l.pad_top = (l.pad_top + before) / steps;
  l.stride_y /= steps;
}

Extent joined_steps(const Extent& c, int steps) {
  return {c.rows / steps, c.columns, c.channels * steps};
}

Extent window_extent(const Graph& g, const Op& op) {
  const Shape& in = g.tensors[static_cast<size_t>(op.inputs[0])].shape;
  const Shape& out = g.tensors[static_cast<size_t>(op.outputs[0])].shape;
  const OpClass cls = class_of(op.kind);
  // They may become the ends of a dilated convolution.
  if (cls == OpClass::kBatches && is_one_row(in)) return line_extent(in);
  if (!kMovesWindows[cls]) return canonical_extent(in);
  Layer l;
  l.op = op.kind == OpKind::kConv2d ? OpCode::kConv : OpCode::kMove;
  if (const auto* window = std::get_if<WindowAttr>(&op.attr)) {
    set_window(l, *window);
    if (cls == OpClass::kPool) crop_window(l, in, out);
  }
  const bool is_turned = is_line(l, in, out);
  if (is_turned) turn_window(l);
  const Extent c = is_turned ? line_extent(in) : canonical_extent(in);
  return in[0] == 1 ? joined_steps(c, steps_at_once(l, c)) : c;
}

}  // namespace shoal
