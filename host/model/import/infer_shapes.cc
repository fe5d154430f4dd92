// What an interpreter finds when it resizes the tensors of a model: the shape
// of a result follows from those of the operands. Files of a dynamic batch
// store ones where they do not know better, or nothing at all.
#include <algorithm>

#include "host/model/import/inference.h"

namespace shoal {
namespace {

class Inference : private InferredFrom {
 public:
  using InferredFrom::InferredFrom;

  Shape run(OpKind kind) const {
    switch (class_of(kind)) {
      case OpClass::kConvolution:
        return convolution(kind);
      case OpClass::kPool:
        return window(operand(0), o().filter_h, o().filter_w,
                      channel(operand(0)));
      case OpClass::kFullyConnected:
        return fully_connected();
      case OpClass::kMatmul:
        return matmul();
      case OpClass::kArg:
        return without_axis();
      case OpClass::kBinary:
        return broadcast(operand(0), operand(1));
      case OpClass::kUnary:
      case OpClass::kSoftmax:
      case OpClass::kQuantize:
      case OpClass::kDequantize:
      case OpClass::kCast:
      case OpClass::kRunning:
        return operand(0);
      case OpClass::kReduce:
        return reduced();
      case OpClass::kJoin:
        return kind == OpKind::kPack ? packed() : joined();
      case OpClass::kPad:
      case OpClass::kMirror:
        return padded();
      case OpClass::kReshape:
        return reshaped(kind);
      case OpClass::kTranspose:
        return transposed();
      case OpClass::kResize:
      case OpClass::kBilinear:
        return resized();
      case OpClass::kBlocks:
        return blocks(kind == OpKind::kSpaceToDepth);
      case OpClass::kBatches:
        return batches(kind == OpKind::kSpaceToBatchNd);
      default:
        throw NotInferred();
    }
  }

 private:
  int side(int in, int kernel, int stride, int dilation) const {
    follows(kernel >= 1 && stride >= 1 && dilation >= 1);
    const int64_t extent = (int64_t{kernel} - 1) * dilation + 1;
    if (o().padding == kPaddingSame) {
      return size_of((in + int64_t{stride} - 1) / stride);
    }
    follows(in >= extent);
    return size_of((in - extent) / stride + 1);
  }

  Shape window(const Shape& x, int h, int w, int channels) const {
    follows(x.size() == 4);
    return {x[0], side(x[1], h, o().stride_h, o().dilation_h),
            side(x[2], w, o().stride_w, o().dilation_w), channels};
  }

  Shape convolution(OpKind kind) const {
    if (kind == OpKind::kTransposeConv) return transposed_convolution();
    const Shape &x = picture(0), &w = picture(1);
    const bool depthwise = kind == OpKind::kDepthwiseConv2d;
    const int each = depthwise ? x[3] : w[3];
    follows(each >= 1 && (depthwise ? w[3] : x[3]) % each == 0);
    return window(x, w[1], w[2], depthwise ? w[3] : w[0]);
  }

  // The file says the sizes; they are those of a convolution's input that has
  // this operand as its result.
  Shape transposed_convolution() const {
    const auto sizes = numbers(0);
    const Shape &w = picture(1), &x = picture(2);
    follows(sizes.size() == 4 && x[3] == w[3]);
    Shape out(sizes.begin(), sizes.end());
    const Shape back = window(out, w[1], w[2], x[3]);
    follows(back[1] == x[1] && back[2] == x[2]);
    return out;
  }

  Shape fully_connected() const {
    Shape x = operand(0);
    const Shape& w = operand(1);
    follows(w.size() == 2 && w[1] >= 1);
    if (o().keep_num_dims) {
      follows(!x.empty() && x.back() == w[1]);
      x.back() = w[0];
      return x;
    }
    const int64_t count = inferred_count(x);
    follows(count % w[1] == 0);
    return {size_of(count / w[1]), w[0]};
  }

  Shape matmul() const {
    Shape x = operand(0), y = operand(1);
    follows(x.size() >= 2 && y.size() >= 2);
    if (o().adj_x) std::swap(x.back(), x[x.size() - 2]);
    if (o().adj_y) std::swap(y.back(), y[y.size() - 2]);
    follows(x.back() == y[y.size() - 2]);
    const int rows = x[x.size() - 2], columns = y.back();
    Shape out = broadcast({x.begin(), x.end() - 2}, {y.begin(), y.end() - 2});
    out.insert(out.end(), {rows, columns});
    return out;
  }

  Shape without_axis() const {
    Shape out = operand(0);
    const auto axes = numbers(1);
    follows(axes.size() == 1);
    out.erase(out.begin() +
              static_cast<std::ptrdiff_t>(axis(axes[0], out.size())));
    return out;
  }

  static Shape broadcast(const Shape& a, const Shape& b) {
    const Shape& more = a.size() < b.size() ? b : a;
    const Shape& less = a.size() < b.size() ? a : b;
    Shape out = more;
    for (size_t i = 0; i < less.size(); ++i) {
      int& size = out[more.size() - less.size() + i];
      follows(size == less[i] || size == 1 || less[i] == 1);
      size = std::max(size, less[i]);
    }
    return out;
  }

  Shape reduced() const {
    const Shape& x = operand(0);
    std::vector<bool> gone(x.size(), false);
    for (const int32_t a : numbers(1)) gone[axis(a, x.size())] = true;
    Shape out;
    for (size_t i = 0; i < x.size(); ++i) {
      if (!gone[i]) out.push_back(x[i]);
      if (gone[i] && o().keep_dims) out.push_back(1);
    }
    return out;
  }

  Shape joined() const {
    Shape out = operand(0);
    const size_t a = axis(o().axis, out.size());
    int64_t total = 0;
    for (size_t i = 0; i < operands(); ++i) {
      follows(operand(i).size() == out.size());
      total = size_of(total + size_of(operand(i)[a]));
    }
    out[a] = static_cast<int>(total);
    return out;
  }

  Shape packed() const {
    Shape out = operand(0);
    const size_t a = axis(o().axis, out.size() + 1);
    out.insert(out.begin() + static_cast<std::ptrdiff_t>(a),
               size_of(static_cast<int64_t>(operands())));
    return out;
  }

  Shape padded() const {
    Shape out = operand(0);
    const auto pads = numbers(1);
    follows(pads.size() == 2 * out.size());
    for (size_t i = 0; i < out.size(); ++i) {
      out[i] = size_of(int64_t{out[i]} + pads[2 * i] + pads[2 * i + 1]);
    }
    return out;
  }

  Shape reshaped(OpKind kind) const {
    if (kind == OpKind::kReadVariable) return operand(0);
    if (kind == OpKind::kSqueeze) return squeezed();
    if (kind == OpKind::kExpandDims) {
      Shape out = operand(0);
      const auto list = numbers(1);
      follows(list.size() == 1);
      const size_t a = axis(list[0], out.size() + 1);
      out.insert(out.begin() + static_cast<std::ptrdiff_t>(a), 1);
      return out;
    }
    const bool given = operands() == 2;
    const auto sizes = given ? numbers(1) : o().dims;
    Shape out(sizes.begin(), sizes.end());
    const int64_t total = inferred_count(operand(0));
    const auto open = std::ranges::find(out, -1);
    if (open != out.end()) {
      *open = 1;
      *open = size_of(total / inferred_count(out));
    }
    follows(inferred_count(out) == total);
    return out;
  }

  Shape squeezed() const {
    const Shape& x = operand(0);
    std::vector<bool> gone(x.size(), false);
    for (const int a : o().dims) gone[axis(a, x.size())] = true;
    Shape out;
    for (size_t i = 0; i < x.size(); ++i) {
      const bool goes = o().dims.empty() ? x[i] == 1 : gone[i];
      if (!goes) out.push_back(x[i]);
    }
    return out;
  }

  Shape transposed() const {
    const Shape& x = operand(0);
    Shape out;
    for (const int32_t from : numbers(1))
      out.push_back(x[axis(from, x.size())]);
    follows(out.size() == x.size());
    return out;
  }

  Shape resized() const {
    Shape out = picture(0);
    const auto sizes = numbers(1);
    follows(sizes.size() == 2);
    out[1] = size_of(sizes[0]);
    out[2] = size_of(sizes[1]);
    return out;
  }

  Shape blocks(bool to_depth) const {
    const Shape& x = picture(0);
    const int64_t b = o().block;
    follows(b >= 1 && b <= 65535);
    if (to_depth) {
      return {x[0], size_of(x[1] / b), size_of(x[2] / b),
              size_of(x[3] * b * b)};
    }
    return {x[0], size_of(x[1] * b), size_of(x[2] * b),
            size_of(x[3] / (b * b))};
  }

  Shape batches(bool splits) const {
    Shape out = operand(0);
    const auto block = numbers(1), amounts = numbers(2);
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
};

}  // namespace

std::optional<std::vector<Shape>> inferred_shapes(const RawModel& raw,
                                                  const RawOp& op) {
  const OpInfo* info = find_op(op.code);
  if (info == nullptr || op.outputs.empty()) return std::nullopt;
  try {
    std::vector<Shape> shapes;
    switch (info->cls) {
      case OpClass::kSlice:
      case OpClass::kSplit:
      case OpClass::kGather:
        shapes = shapes_of_parts({raw, op}, info->kind, op.outputs.size());
        break;
      default:
        shapes = {Inference(raw, op).run(info->kind)};
    }
    follows(shapes.size() == op.outputs.size());
    for (const Shape& shape : shapes) inferred_count(shape);
    return shapes;
  } catch (const NotInferred&) {
    return std::nullopt;
  }
}

}  // namespace shoal
