// Shapes are inferred as an interpreter does when it resizes the tensors of a
// model: the shape of a result follows from those of the operands. Files of a
// dynamic batch store ones where they do not know better, or nothing at all.
#include <algorithm>
#include <cstring>
#include <limits>
#include <utility>

#include "host/model/graph/shapes.h"
#include "host/model/import/import_row.h"
#include "host/model/import/raw_passes.h"

namespace shoal {
namespace {

using inferred::axis;
using inferred::follows;
using inferred::size_of;

int64_t inferred_count(const Shape& shape) {
  int64_t total = 1;
  for (const int size : shape) total = size_of(total * size_of(size));
  return total;
}

const Shape& picture(const RawOperands& r, size_t i) {
  follows(r.rank(i) == 4);
  return r.shape(i);
}

std::vector<bool> marked(const std::vector<int32_t>& axes, size_t rank) {
  std::vector<bool> out(rank, false);
  for (const int32_t a : axes) out[axis(a, rank)] = true;
  return out;
}

int side(const RawOptions& o, int in, int kernel, int stride, int dilation) {
  follows(kernel >= 1 && stride >= 1 && dilation >= 1);
  const int64_t extent = (int64_t{kernel} - 1) * dilation + 1;
  if (o.padding == kPaddingSame) {
    return size_of((in + int64_t{stride} - 1) / stride);
  }
  follows(in >= extent);
  return size_of((in - extent) / stride + 1);
}

Shape window(const RawOptions& o, const Shape& x, int h, int w, int channels) {
  follows(x.size() == 4);
  return {x[0], side(o, x[1], h, o.stride_h, o.dilation_h),
          side(o, x[2], w, o.stride_w, o.dilation_w), channels};
}

Shape broadcast_of(const Shape& a, const Shape& b) {
  const auto shape = broadcast_shape(a, b);
  follows(shape.has_value());
  return *shape;
}

Shape blocks(const RawOperands& r, bool to_depth) {
  const Shape& x = picture(r, 0);
  const int64_t b = r.options().block;
  follows(b >= 1 && b <= 65535);
  if (to_depth) {
    return {x[0], size_of(x[1] / b), size_of(x[2] / b), size_of(x[3] * b * b)};
  }
  return {x[0], size_of(x[1] * b), size_of(x[2] * b), size_of(x[3] / (b * b))};
}

Shape batches(const RawOperands& r, bool splits) {
  Shape out = r.shape(0);
  const auto block = r.numbers(1), amounts = r.numbers(2);
  follows(out.size() > block.size() && amounts.size() == 2 * block.size());
  for (size_t i = 0; i < block.size(); ++i) {
    const int64_t b = size_of(block[i]);
    const int64_t edge = int64_t{amounts[2 * i]} + amounts[2 * i + 1];
    const int64_t size = out[i + 1];
    out[i + 1] = size_of(splits ? (size + edge) / b : size * b - edge);
    out[0] = size_of(splits ? out[0] * b : out[0] / b);
  }
  return out;
}

}  // namespace

const RawTensor& RawOperands::tensor(size_t i) const {
  follows(i < op_.inputs.size() && op_.inputs[i] >= 0);
  return raw_.tensors[static_cast<size_t>(op_.inputs[i])];
}

std::vector<int32_t> RawOperands::numbers(size_t i) const {
  const RawTensor& t = tensor(i);
  follows(t.type == kCodeInt32 && t.buffer < raw_.buffers.size());
  const auto bytes = raw_.buffers[t.buffer];
  follows(!bytes.empty() && bytes.size() % 4 == 0);
  std::vector<int32_t> out(bytes.size() / 4);
  std::memcpy(out.data(), bytes.data(), bytes.size());
  return out;
}

namespace inferred {

void follows(bool ok) {
  if (!ok) throw RawOperands::Unknown();
}

int size_of(int64_t value) {
  follows(value >= 1 && value <= std::numeric_limits<int32_t>::max());
  return static_cast<int>(value);
}

size_t axis(int value, size_t rank) {
  const int64_t at = value < 0 ? value + static_cast<int64_t>(rank) : value;
  follows(at >= 0 && at < static_cast<int64_t>(rank));
  return static_cast<size_t>(at);
}

Shape same(const RawOperands& r) { return r.shape(0); }

Shape convolution(const RawOperands& r) {
  const Shape &x = picture(r, 0), &w = picture(r, 1);
  follows(w[3] >= 1 && x[3] % w[3] == 0);
  return window(r.options(), x, w[1], w[2], w[0]);
}

Shape depthwise(const RawOperands& r) {
  const Shape &x = picture(r, 0), &w = picture(r, 1);
  follows(x[3] >= 1 && w[3] % x[3] == 0);
  return window(r.options(), x, w[1], w[2], w[3]);
}

// The file says the sizes; they are those of a convolution's input that has
// this operand as its result.
Shape transpose_conv(const RawOperands& r) {
  const Shape out = r.numbers(0);
  const Shape &w = picture(r, 1), &x = picture(r, 2);
  follows(out.size() == 4 && x[3] == w[3]);
  const Shape back = window(r.options(), out, w[1], w[2], x[3]);
  follows(back[1] == x[1] && back[2] == x[2]);
  return out;
}

Shape pool(const RawOperands& r) {
  const Shape& x = picture(r, 0);
  return window(r.options(), x, r.options().filter_h, r.options().filter_w,
                x[3]);
}

Shape fully_connected(const RawOperands& r) {
  const Shape &x = r.shape(0), &w = r.shape(1);
  follows(w.size() == 2 && w[1] >= 1);
  if (!r.options().keep_num_dims) {
    const int64_t count = inferred_count(x);
    follows(count % w[1] == 0);
    return {size_of(count / w[1]), w[0]};
  }
  follows(!x.empty() && x.back() == w[1]);
  return with_axis(without_axis(x, x.size() - 1), x.size() - 1, w[0]);
}

Shape matmul(const RawOperands& r) {
  Shape x = r.shape(0), y = r.shape(1);
  follows(x.size() >= 2 && y.size() >= 2);
  if (r.options().adj_x) std::swap(x.back(), x[x.size() - 2]);
  if (r.options().adj_y) std::swap(y.back(), y[y.size() - 2]);
  follows(x.back() == y[y.size() - 2]);
  Shape out = broadcast_of({x.begin(), x.end() - 2}, {y.begin(), y.end() - 2});
  out.insert(out.end(), {x[x.size() - 2], y.back()});
  return out;
}

Shape place(const RawOperands& r) {
  const auto axes = r.numbers(1);
  follows(axes.size() == 1);
  return without_axis(r.shape(0), axis(axes[0], r.shape(0).size()));
}

Shape broadcast(const RawOperands& r) {
  return broadcast_of(r.shape(0), r.shape(1));
}

Shape chosen(const RawOperands& r) {
  return broadcast_of(r.shape(0), broadcast_of(r.shape(1), r.shape(2)));
}

Shape reduced(const RawOperands& r) {
  const Shape& x = r.shape(0);
  return reduced_shape(x, marked(r.numbers(1), x.size()),
                       r.options().keep_dims);
}

Shape joined(const RawOperands& r) {
  Shape out = r.shape(0);
  const size_t a = axis(r.options().axis, out.size());
  int64_t total = 0;
  for (size_t i = 0; i < r.count(); ++i) {
    follows(r.shape(i).size() == out.size());
    total = size_of(total + size_of(r.shape(i)[a]));
  }
  out[a] = static_cast<int>(total);
  return out;
}

Shape packed(const RawOperands& r) {
  const Shape& x = r.shape(0);
  return with_axis(x, axis(r.options().axis, x.size() + 1),
                   size_of(static_cast<int64_t>(r.count())));
}

Shape padded(const RawOperands& r) {
  Shape out = r.shape(0);
  const auto pads = r.numbers(1);
  follows(pads.size() == 2 * out.size());
  for (size_t i = 0; i < out.size(); ++i) {
    out[i] = size_of(int64_t{out[i]} + pads[2 * i] + pads[2 * i + 1]);
  }
  return out;
}

Shape reshaped(const RawOperands& r) {
  Shape out = r.count() == 2 ? r.numbers(1) : r.options().dims;
  const int64_t total = inferred_count(r.shape(0));
  const auto open = std::ranges::find(out, -1);
  if (open != out.end()) {
    *open = 1;
    *open = size_of(total / inferred_count(out));
  }
  follows(inferred_count(out) == total);
  return out;
}

Shape squeezed(const RawOperands& r) {
  const Shape& x = r.shape(0);
  std::vector<bool> gone = marked(r.options().dims, x.size());
  if (r.options().dims.empty()) {
    for (size_t i = 0; i < x.size(); ++i) gone[i] = x[i] == 1;
  }
  return reduced_shape(x, gone, false);
}

Shape expanded(const RawOperands& r) {
  const auto axes = r.numbers(1);
  follows(axes.size() == 1);
  return with_axis(r.shape(0), axis(axes[0], r.shape(0).size() + 1), 1);
}

Shape transposed(const RawOperands& r) {
  const Shape& x = r.shape(0);
  Shape out;
  for (const int32_t from : r.numbers(1)) {
    out.push_back(x[axis(from, x.size())]);
  }
  follows(out.size() == x.size());
  return out;
}

Shape resized(const RawOperands& r) {
  Shape out = picture(r, 0);
  const auto sizes = r.numbers(1);
  follows(sizes.size() == 2);
  out[1] = size_of(sizes[0]);
  out[2] = size_of(sizes[1]);
  return out;
}

Shape space_to_depth(const RawOperands& r) { return blocks(r, true); }
Shape depth_to_space(const RawOperands& r) { return blocks(r, false); }
Shape space_to_batch(const RawOperands& r) { return batches(r, true); }
Shape batch_to_space(const RawOperands& r) { return batches(r, false); }

}  // namespace inferred

std::optional<std::vector<Shape>> inferred_shapes(const RawModel& raw,
                                                  const RawOp& op) {
  const OpInfo* info = find_op(op.code);
  if (info == nullptr || op.outputs.empty()) return std::nullopt;
  const ImportRow& row = import_row(info->kind);
  const RawOperands operands(raw, op);
  const size_t results = op.outputs.size();
  try {
    std::vector<Shape> shapes;
    if (row.shape != nullptr) shapes = {row.shape(operands)};
    if (row.shapes != nullptr) shapes = row.shapes(operands, results);
    follows(shapes.size() == results);
    for (const Shape& shape : shapes) inferred_count(shape);
    return shapes;
  } catch (const RawOperands::Unknown&) {
    return std::nullopt;
  }
}

}  // namespace shoal
