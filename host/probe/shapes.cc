#include "host/probe/shapes.h"

#include <algorithm>
#include <string>

#include "host/model/zoo/random_bytes.h"
#include "host/model/zoo/zoo_builder.h"

namespace shoal {
namespace {

using zoo::ZooBuilder;

// The sides and channels of a shape's input.
struct Extents {
  int side = 0, channels = 0;
};
Extents extents(ProbeSize size) {
  constexpr Extents kAll[] = {{8, 8}, {16, 16}, {32, 32}};
  return kAll[static_cast<size_t>(size)];
}
Shape picture(ProbeSize size) {
  const Extents e = extents(size);
  return {1, e.side, e.side, e.channels};
}

Graph conv(ProbeSize size, int kernel, int stride) {
  ZooBuilder b("probe-conv" + std::to_string(kernel) + std::to_string(stride));
  const int x = b.input("x", picture(size));
  return b.finish(b.conv("y", x,
                         {.channels = extents(size).channels,
                          .kernel = kernel,
                          .stride = stride}));
}

Graph depthwise(ProbeSize size, int stride) {
  ZooBuilder b("probe-depthwise" + std::to_string(stride));
  const int x = b.input("x", picture(size));
  return b.finish(b.depthwise("y", x, 3, stride, zoo::kRelu6));
}

Graph dense(ProbeSize size) {
  ZooBuilder b("probe-dense");
  const int many = 8 * extents(size).channels;
  const int x = b.input("x", {1, many});
  return b.finish(b.dense("y", x, many / 2));
}

Graph sum(const Shape& shape) {
  ZooBuilder b("probe-add");
  const int x = b.input("x", shape), y = b.input("y", shape);
  return b.finish(b.add("z", x, y, zoo::kNone));
}

Graph max_pool(ProbeSize size) {
  ZooBuilder b("probe-max-pool");
  return b.finish(b.max_pool("y", b.input("x", picture(size)), {}));
}

Graph mean(ProbeSize size) {
  ZooBuilder b("probe-mean");
  return b.finish(b.average("y", b.input("x", picture(size))));
}

int64_t elements(const Graph& g, int tensor) {
  return element_count(g.tensors[static_cast<size_t>(tensor)].shape);
}

}  // namespace

const std::vector<ProbeShape>& probe_shapes() {
  using Size = ProbeSize;
  static const std::vector<ProbeShape> kShapes = {
      {"pointwise", ProbeCost::kPointwise,
       [](Size s) { return conv(s, 1, 1); }},
      {"conv 3x3", ProbeCost::kConv, [](Size s) { return conv(s, 3, 1); }},
      {"conv 3x3, stride 2", ProbeCost::kConv,
       [](Size s) { return conv(s, 3, 2); }},
      {"depthwise 3x3", ProbeCost::kDepthwise,
       [](Size s) { return depthwise(s, 1); }},
      {"depthwise 3x3, stride 2", ProbeCost::kDepthwise,
       [](Size s) { return depthwise(s, 2); }},
      {"fully connected", ProbeCost::kFullyConnected, dense},
      {"add", ProbeCost::kElement, [](Size s) { return sum(picture(s)); }},
      {"max pool 2x2", ProbeCost::kElement, max_pool},
      {"mean", ProbeCost::kElement, mean},
      {"firing", ProbeCost::kFiring,
       [](Size) {
         return sum({1, 64, 1, 4});
       }},
  };
  return kShapes;
}

Graph link_graph(int side) {
  ZooBuilder b("probe-link");
  return b.finish(b.average("y", b.input("x", {1, side, side, 8})));
}

std::vector<uint8_t> probe_input(const Graph& graph) {
  int64_t bytes = 0;
  for (const int t : graph.inputs) bytes += elements(graph, t);
  std::vector<uint8_t> input(static_cast<size_t>(bytes));
  zoo::Random random(bytes);
  zoo::fill(input, random);
  return input;
}

int64_t probe_work(const Graph& graph) {
  const Op& op = graph.ops.back();
  const int64_t made = elements(graph, graph.outputs[0]);
  const auto weight = [&](size_t axis) {
    return int64_t{
        graph.tensors[static_cast<size_t>(op.inputs[1])].shape[axis]};
  };
  switch (op.kind) {
    case OpKind::kConv2d:
      return made * weight(1) * weight(2) * weight(3);
    case OpKind::kDepthwiseConv2d:
      return made * weight(1) * weight(2);
    case OpKind::kFullyConnected:
      return made * weight(1);
    default:  // as plans count it: the larger one of input and output
      return std::max(made, elements(graph, graph.inputs[0]));
  }
}

}  // namespace shoal
