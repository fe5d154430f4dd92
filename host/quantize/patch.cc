#include "host/model/graph/operators.h"
#include "host/quantize/observe.h"

namespace shoal {
namespace {

// The wide side has the stride: a convolution's input, the output of a
// transposed one.
struct Sides {
  const Shape &wide, &narrow;
};

// Calls f(tap, wide pixel, narrow pixel) for all pairs that a weight joins.
template <class F>
void for_each_pair(const Sides& s, const WindowAttr& a, F f) {
  for (int ny = 0; ny < s.narrow[1]; ++ny) {
    for (int ky = 0; ky < a.kernel_h; ++ky) {
      const int wy = ny * a.stride_h - a.pad_top + ky * a.dilation_h;
      if (wy < 0 || wy >= s.wide[1]) continue;
      for (int nx = 0; nx < s.narrow[2]; ++nx) {
        for (int kx = 0; kx < a.kernel_w; ++kx) {
          const int wx = nx * a.stride_w - a.pad_left + kx * a.dilation_w;
          if (wx < 0 || wx >= s.wide[2]) continue;
          f(ky * a.kernel_w + kx, int64_t{wy} * s.wide[2] + wx,
            int64_t{ny} * s.narrow[2] + nx);
        }
      }
    }
  }
}

}  // namespace

bool has_patch(const Op& op) { return has_weights(op.kind); }

size_t patch_size(const Graph& graph, const Op& op) {
  if (op.kind == OpKind::kFullyConnected) {
    return static_cast<size_t>(graph.tensors[op.inputs[1]].shape[1]);
  }
  const auto& a = std::get<WindowAttr>(op.attr);
  const int channels = graph.tensors[op.inputs[0]].shape[3];
  return static_cast<size_t>(a.kernel_h) * a.kernel_w * channels;
}

std::vector<double> mean_patch(const Graph& graph, const Op& op,
                               std::span<const float> x) {
  const Shape& in = graph.tensors[op.inputs[0]].shape;
  const Shape& out = graph.tensors[op.outputs[0]].shape;
  std::vector<double> sums(patch_size(graph, op), 0);
  if (op.kind == OpKind::kFullyConnected) {
    for (size_t i = 0; i < x.size(); ++i) sums[i % sums.size()] += x[i];
  } else {
    const auto& a = std::get<WindowAttr>(op.attr);
    const bool transposed = op.kind == OpKind::kTransposeConv;
    const int channels = in[3];
    const Sides sides = transposed ? Sides{out, in} : Sides{in, out};
    for_each_pair(sides, a, [&](int tap, int64_t wide, int64_t narrow) {
      const float* pixel = x.data() + (transposed ? narrow : wide) * channels;
      double* sum = sums.data() + int64_t{tap} * channels;
      for (int c = 0; c < channels; ++c) sum[c] += pixel[c];
    });
  }
  const auto positions = static_cast<double>(element_count(out) / out.back());
  for (double& s : sums) s /= positions;
  return sums;
}

}  // namespace shoal
