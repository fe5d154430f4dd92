// Graphs made by hand for the tests of the lowering: every tensor has the
// same quantization unless told otherwise, weights are seeded noise.
#pragma once

#include <cstring>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "host/model/graph/graph.h"

namespace shoal {

// Square, VALID.
inline WindowAttr window(int kernel, int stride = 1) {
  WindowAttr a;
  a.kernel_h = a.kernel_w = kernel;
  a.stride_h = a.stride_w = stride;
  return a;
}

class TestGraph {
 public:
  explicit TestGraph(unsigned seed = 1) : random_(seed) {}

  Graph graph;

  int tensor(Shape shape, float scale = 0.05f, int zero = 3) {
    Tensor t;
    t.name = "t" + std::to_string(graph.tensors.size());
    t.shape = std::move(shape);
    t.quant = {{scale}, {zero}, 0};
    graph.tensors.push_back(std::move(t));
    return static_cast<int>(graph.tensors.size()) - 1;
  }
  int input(Shape shape) {
    const int t = tensor(std::move(shape));
    graph.inputs.push_back(t);
    return t;
  }
  int constant(Shape shape, float scale = 0.05f, int zero = 3) {
    const int t = tensor(std::move(shape), scale, zero);
    Tensor& c = graph.tensors[t];
    c.constant = true;
    c.data.resize(element_count(c.shape));
    for (uint8_t& byte : c.data) byte = static_cast<uint8_t>(random_());
    return t;
  }
  int bias(int channels) {
    const int t = tensor({channels});
    Tensor& c = graph.tensors[t];
    c.constant = true;
    c.type = c.file_type = Type::kInt32;
    for (int k = 0; k < channels; ++k) {
      const int32_t v = static_cast<int32_t>(random_() % 2001) - 1000;
      uint8_t bytes[4];
      std::memcpy(bytes, &v, 4);
      c.data.insert(c.data.end(), bytes, bytes + 4);
    }
    return t;
  }
  // Adds an operator with one result of this shape.
  int op(OpKind kind, std::vector<int> inputs, Shape shape, Attr attr = {}) {
    const int y = tensor(std::move(shape));
    graph.ops.push_back({kind, std::move(inputs), {y}, std::move(attr)});
    return y;
  }

  const Shape& shape(int t) const { return graph.tensors[t].shape; }

  int conv(int x, int channels, WindowAttr a) {
    const Shape s = shape(x);
    return op(OpKind::kConv2d,
              {x, constant({channels, a.kernel_h, a.kernel_w, s[3]}, 0.01f, 0),
               bias(channels)},
              {s[0], out_size(s[1], a.kernel_h, a.stride_h, a.dilation_h),
               out_size(s[2], a.kernel_w, a.stride_w, a.dilation_w), channels},
              a);
  }
  int depthwise(int x, WindowAttr a) {
    const Shape s = shape(x);
    const int channels = s[3] * a.depth_multiplier;
    return op(OpKind::kDepthwiseConv2d,
              {x, constant({1, a.kernel_h, a.kernel_w, channels}, 0.02f, 0),
               bias(channels)},
              {s[0], out_size(s[1], a.kernel_h, a.stride_h, a.dilation_h),
               out_size(s[2], a.kernel_w, a.stride_w, a.dilation_w), channels},
              a);
  }
  int fully_connected(int x, int length, int channels) {
    const int count = static_cast<int>(element_count(shape(x)) / length);
    return op(OpKind::kFullyConnected,
              {x, constant({channels, length}, 0.01f, 0), bias(channels)},
              {count, channels}, FusedAttr{});
  }
  int transpose(int x, std::vector<int> perm) {
    Shape s;
    for (int axis : perm) s.push_back(shape(x)[axis]);
    return op(OpKind::kTranspose, {x}, s, TransposeAttr{perm});
  }
  int reshape(int x, Shape s) { return op(OpKind::kReshape, {x}, s); }
  int reduce(OpKind kind, int x, std::vector<bool> reduced, bool keep) {
    Shape s;
    for (size_t k = 0; k < reduced.size(); ++k) {
      if (!reduced[k]) s.push_back(shape(x)[k]);
      if (reduced[k] && keep) s.push_back(1);
    }
    return op(kind, {x}, s, ReduceAttr{reduced});
  }
  int pad(int x, std::vector<int> before, std::vector<int> after) {
    Shape s = shape(x);
    for (size_t k = 0; k < s.size(); ++k) s[k] += before[k] + after[k];
    return op(OpKind::kPad, {x}, s, PadAttr{before, after, 3});
  }
  int add(int a, int b) {
    const Shape &p = shape(a), &q = shape(b);
    Shape s(std::max(p.size(), q.size()), 1);
    for (size_t k = 0; k < s.size(); ++k) {
      const auto size = [&](const Shape& t) {
        return k + t.size() < s.size() ? 1 : t[k + t.size() - s.size()];
      };
      s[k] = std::max(size(p), size(q));
    }
    return op(OpKind::kAdd, {a, b}, s, FusedAttr{});
  }
  int concatenation(std::vector<int> parts, int axis) {
    Shape s = shape(parts[0]);
    s[axis] = 0;
    for (int t : parts) s[axis] += shape(t)[axis];
    return op(OpKind::kConcatenation, parts, s, AxisAttr{axis});
  }

 private:
  // VALID; tests of padding use pad() or models from files.
  static int out_size(int in, int kernel, int stride, int dilation) {
    return (in - (kernel - 1) * dilation - 1) / stride + 1;
  }

  std::mt19937 random_;
};

}  // namespace shoal
