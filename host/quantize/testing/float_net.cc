#include "host/quantize/testing/float_net.h"

#include <algorithm>
#include <cmath>

#include "host/base/floats.h"
#include "host/quantize/weights.h"

namespace shoal {
namespace {

int out_side(int in, const NetWindow& w) {
  const int extent = (w.kernel - 1) * w.dilation + 1;
  return w.same ? (in + w.stride - 1) / w.stride : (in - extent) / w.stride + 1;
}

int pad_before(int in, int out, const NetWindow& w) {
  if (!w.same) return 0;
  const int extent = (w.kernel - 1) * w.dilation + 1;
  return std::max(0, (out - 1) * w.stride + extent - in) / 2;
}

WindowAttr attr_of(const NetWindow& w) {
  WindowAttr a;
  a.kernel_h = a.kernel_w = w.kernel;
  a.stride_h = a.stride_w = w.stride;
  a.dilation_h = a.dilation_w = w.dilation;
  a.activation = w.act;
  return a;
}

}  // namespace

FloatNet::FloatNet(unsigned seed) : random_(seed) { graph_.name = "floats"; }

// Not the library's, which differ between systems.
float FloatNet::normal() {
  float sum = 0;
  for (int i = 0; i < 12; ++i) {
    sum += static_cast<float>(random_() % 65536) / 65536.f;
  }
  return sum - 6;
}

int FloatNet::add(const Shape& shape, const std::string& name) {
  Tensor t;
  const auto number = graph_.tensors.size();
  t.name = name + std::to_string(number);
  t.type = t.file_type = Type::kFloat32;
  t.shape = shape;
  graph_.tensors.push_back(std::move(t));
  return static_cast<int>(number);
}

int FloatNet::input(const Shape& shape) {
  graph_.inputs.push_back(add(shape, "input"));
  return graph_.inputs.back();
}

int FloatNet::constant(const Shape& shape, const std::vector<float>& values) {
  const int t = add(shape, "constant");
  set_values(t, values);
  return t;
}

int FloatNet::random_constant(const Shape& shape, float spread,
                              const std::string& name) {
  std::vector<float> values(static_cast<size_t>(element_count(shape)));
  for (float& v : values) v = spread * normal();
  const int t = add(shape, name);
  set_values(t, values);
  return t;
}

std::vector<float> FloatNet::values(int tensor) const {
  return constant_floats(graph_.tensors[tensor]);
}

void FloatNet::set_values(int tensor, const std::vector<float>& values) {
  Tensor& t = graph_.tensors[tensor];
  t.constant = true;
  t.data = bytes_of(values);
}

Op& FloatNet::maker(int tensor) {
  return *std::find_if(graph_.ops.begin(), graph_.ops.end(),
                       [&](const Op& op) { return op.outputs[0] == tensor; });
}

int FloatNet::add_op(OpKind kind, std::vector<int> inputs, const Shape& shape,
                     Attr attr) {
  std::string name = op_name(kind);
  const int y = add(shape, name);
  graph_.ops.push_back({kind, std::move(inputs), {y}, std::move(attr)});
  return y;
}

int FloatNet::window(OpKind kind, int x, int channels, const Shape& weights,
                     int fan_in, const NetWindow& w, int multiplier) {
  const Shape in = shape(x);
  const Shape out = {1, out_side(in[1], w), out_side(in[2], w), channels};
  WindowAttr a = attr_of(w);
  a.pad_top = pad_before(in[1], out[1], w);
  a.pad_left = pad_before(in[2], out[2], w);
  a.depth_multiplier = multiplier;
  const float spread = std::sqrt(2.f / static_cast<float>(fan_in));
  const int kernel = random_constant(weights, spread, "weights");
  const int bias = w.bias ? random_constant({channels}, 0.1f, "bias") : -1;
  return add_op(kind, {x, kernel, bias}, out, a);
}

int FloatNet::conv(int x, int channels, const NetWindow& w) {
  const int in = shape(x)[3];
  return window(OpKind::kConv2d, x, channels,
                {channels, w.kernel, w.kernel, in}, w.kernel * w.kernel * in, w,
                1);
}

int FloatNet::depthwise(int x, const NetWindow& w, int multiplier) {
  const int channels = shape(x)[3] * multiplier;
  return window(OpKind::kDepthwiseConv2d, x, channels,
                {1, w.kernel, w.kernel, channels}, w.kernel * w.kernel, w,
                multiplier);
}

int FloatNet::transpose_conv(int x, int channels, const NetWindow& w) {
  const Shape in = shape(x);
  const Shape out = {1, in[1] * w.stride, in[2] * w.stride, channels};
  WindowAttr a = attr_of(w);
  a.pad_top = pad_before(out[1], in[1], w);
  a.pad_left = pad_before(out[2], in[2], w);
  const float spread = std::sqrt(2.f / static_cast<float>(in[3]));
  const int kernel =
      random_constant({channels, w.kernel, w.kernel, in[3]}, spread, "weights");
  const int bias = w.bias ? random_constant({channels}, 0.1f, "bias") : -1;
  return add_op(OpKind::kTransposeConv, {x, kernel, bias}, out, a);
}

int FloatNet::dense(int x, int features, Activation act) {
  const int in = shape(x).back();
  const float spread = std::sqrt(2.f / static_cast<float>(in));
  const int kernel = random_constant({features, in}, spread, "weights");
  const int bias = random_constant({features}, 0.1f, "bias");
  return add_op(OpKind::kFullyConnected, {x, kernel, bias}, {1, features},
                FusedAttr{act});
}

int FloatNet::pool(OpKind kind, int x, const NetWindow& w) {
  const Shape in = shape(x);
  const Shape out = {1, out_side(in[1], w), out_side(in[2], w), in[3]};
  WindowAttr a = attr_of(w);
  a.pad_top = pad_before(in[1], out[1], w);
  a.pad_left = pad_before(in[2], out[2], w);
  return add_op(kind, {x}, out, a);
}

int FloatNet::binary(OpKind kind, int a, int b, Activation act) {
  const Shape& sa = shape(a);
  const Shape& sb = shape(b);
  const Shape out = element_count(sa) >= element_count(sb) ? sa : sb;
  const bool plain = kind == OpKind::kMaximum || kind == OpKind::kMinimum;
  return add_op(kind, {a, b}, out, plain ? Attr{} : Attr{FusedAttr{act}});
}

int FloatNet::mean(int x) {
  return add_op(OpKind::kMean, {x}, {1, shape(x)[3]},
                ReduceAttr{{false, true, true, false}});
}

int FloatNet::unary(OpKind kind, int x, float value) {
  const bool valued = kind == OpKind::kSoftmax || kind == OpKind::kLeakyRelu;
  return add_op(kind, {x}, shape(x), valued ? Attr{AlphaAttr{value}} : Attr{});
}

int FloatNet::prelu(int x) {
  const int alpha = random_constant({shape(x).back()}, 0.2f, "alpha");
  return add_op(OpKind::kPrelu, {x, alpha}, shape(x));
}

int FloatNet::concatenation(const std::vector<int>& xs, int axis) {
  Shape out = shape(xs[0]);
  out[axis] = 0;
  for (const int x : xs) out[axis] += shape(x)[axis];
  return add_op(OpKind::kConcatenation, xs, out, AxisAttr{axis});
}

int FloatNet::pad(int x, int before, int after) {
  const int y = padv2(x, before, after, 0);
  graph_.ops.back().kind = OpKind::kPad;
  return y;
}

int FloatNet::padv2(int x, int before, int after, float value) {
  Shape out = shape(x);
  for (const int axis : {1, 2}) out[axis] += before + after;
  PadAttr a;
  a.before = {0, before, before, 0};
  a.after = {0, after, after, 0};
  a.real = value;
  return add_op(OpKind::kPadv2, {x}, out, a);
}

int FloatNet::reshape(int x, const Shape& out) {
  return add_op(OpKind::kReshape, {x}, out);
}

int FloatNet::transpose(int x, const std::vector<int>& perm) {
  Shape out;
  for (const int axis : perm) out.push_back(shape(x)[axis]);
  return add_op(OpKind::kTranspose, {x}, out, TransposeAttr{perm});
}

int FloatNet::matmul(int a, int b) {
  const Shape left = shape(a), right = shape(b);
  return add_op(OpKind::kBatchMatmul, {a, b},
                {left[0], left[1], left[2], right[2]}, MatmulAttr{false, true});
}

int FloatNet::slice(int x, const Shape& begin, const Shape& size) {
  SliceAttr a;
  a.begin = begin;
  a.stride.assign(begin.size(), 1);
  a.dropped.assign(begin.size(), false);
  return add_op(OpKind::kSlice, {x}, size, a);
}

std::vector<int> FloatNet::split(int x, int axis, int parts) {
  Shape out = shape(x);
  out[axis] /= parts;
  const int first = add_op(OpKind::kSplit, {x}, out, AxisAttr{axis});
  std::vector<int> outputs = {first};
  for (int i = 1; i < parts; ++i) outputs.push_back(add(out, "SPLIT"));
  graph_.ops.back().outputs = outputs;
  return outputs;
}

int FloatNet::mirror(int x, int before, int after, bool symmetric) {
  Shape out = shape(x);
  for (const size_t axis : {1, 2}) out[axis] += before + after;
  return add_op(
      OpKind::kMirrorPad, {x}, out,
      MirrorAttr{{0, before, before, 0}, {0, after, after, 0}, symmetric});
}

int FloatNet::turned_channels(int x) {
  const Shape out = shape(x);
  Shape plane = out;
  plane.pop_back();
  std::vector<int> planes = {add_op(OpKind::kUnpack, {x}, plane, AxisAttr{3})};
  while (static_cast<int>(planes.size()) < out.back()) {
    planes.push_back(add(plane, "UNPACK"));
  }
  graph_.ops.back().outputs = planes;
  std::reverse(planes.begin(), planes.end());
  return add_op(OpKind::kPack, planes, out, AxisAttr{3});
}

int FloatNet::resize(int x, int times) {
  const Shape in = shape(x);
  return add_op(OpKind::kResizeNearestNeighbor, {x},
                {1, in[1] * times, in[2] * times, in[3]}, ResizeAttr{});
}

int FloatNet::blocks(OpKind kind, int x, int block) {
  const Shape in = shape(x);
  const bool deep = kind == OpKind::kSpaceToDepth;
  const Shape out =
      deep ? Shape{1, in[1] / block, in[2] / block, in[3] * block * block}
           : Shape{1, in[1] * block, in[2] * block, in[3] / (block * block)};
  return add_op(kind, {x}, out, BlockAttr{block});
}

Calibration wave_frames(const Graph& graph, int64_t count, unsigned seed) {
  int64_t size = 0;
  for (const int t : graph.inputs) {
    size += element_count(graph.tensors[t].shape);
  }
  const auto frame = [=](int64_t number) {
    std::mt19937 random(seed * 1000 + static_cast<unsigned>(number));
    std::vector<float> values(static_cast<size_t>(size), 0.5f);
    for (int wave = 0; wave < 5; ++wave) {
      const double period = 3 + random() % 97;
      const double phase = random() % 628 / 100.0;
      for (size_t i = 0; i < values.size(); ++i) {
        const double angle = static_cast<double>(i) * 6.2831853 / period;
        values[i] += static_cast<float>(0.1 * std::sin(angle + phase));
      }
    }
    return values;
  };
  return {count, frame};
}

}  // namespace shoal
