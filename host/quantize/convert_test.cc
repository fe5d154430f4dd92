// Exact scales and bytes of tiny graphs, and where a QUANTIZE comes.
#include "host/quantize/convert.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstring>

#include "host/base/error.h"
#include "host/quantize/testing/float_net.h"

namespace shoal {
namespace {

// Frames whose elements run from low to high.
Calibration ramp(const Graph& graph, float low, float high) {
  int64_t size = 0;
  for (const int t : graph.inputs) {
    size += element_count(graph.tensors[t].shape);
  }
  return {4, [=](int64_t) {
            std::vector<float> values;
            for (int64_t i = 0; i < size; ++i) {
              values.push_back(low + (high - low) * static_cast<float>(i) /
                                         static_cast<float>(size - 1));
            }
            return values;
          }};
}

Graph quantized(const FloatNet& net, float low, float high,
                QuantizeOptions options = {}) {
  options.ranges = RangeMethod::kMinMax;
  options.bias_correction = false;
  QuantizeReport report;
  return quantize(net.graph(), ramp(net.graph(), low, high), options, report);
}

void expect_params(const Graph& g, int t, float scale, int zero) {
  EXPECT_FLOAT_EQ(g.tensors[t].scale(), scale) << g.tensors[t].name;
  EXPECT_EQ(g.tensors[t].zero(), zero) << g.tensors[t].name;
}

int count(const Graph& g, OpKind kind) {
  return static_cast<int>(
      std::count_if(g.ops.begin(), g.ops.end(),
                    [&](const Op& op) { return op.kind == kind; }));
}

TEST(Convert, ALayerWithoutABiasGetsOneOfZeros) {
  FloatNet net(1);
  NetWindow window;
  window.bias = false;
  const int y = net.conv(net.input({1, 1, 4, 1}), 2, window);
  net.output(y);
  const Graph g = quantized(net, 0, 255);
  const Op& op = g.ops.at(0);
  ASSERT_EQ(op.inputs.size(), 3u);
  const Tensor& b = g.tensors.at(op.inputs[2]);
  EXPECT_EQ(b.type, Type::kInt32);
  EXPECT_EQ(b.data, std::vector<uint8_t>(8, 0));
}

TEST(Convert, PointwiseConvolutionToTheByte) {
  FloatNet net(1);
  const int x = net.input({1, 1, 4, 1});
  const int y = net.conv(x, 2, {});
  net.output(y);
  const Op op = net.maker(y);
  net.set_values(op.inputs[1], {2, -0.5f});
  net.set_values(op.inputs[2], {1, 0.25f});
  const Graph g = quantized(net, 0, 255);
  expect_params(g, x, 1, -128);
  // 1..511 and -127.25..0.25
  expect_params(g, y, (511 + 127.25f) / 255, -77);
  const Tensor& w = g.tensors[op.inputs[1]];
  ASSERT_EQ(w.quant.scale.size(), 2u);
  EXPECT_FLOAT_EQ(w.quant.scale[0], 2 / 127.f);
  EXPECT_FLOAT_EQ(w.quant.scale[1], 0.5f / 127.f);
  EXPECT_EQ(w.quant.axis, 0);
  EXPECT_EQ(w.data, (std::vector<uint8_t>{127, 0x81}));
  const Tensor& b = g.tensors[op.inputs[2]];
  EXPECT_EQ(b.type, Type::kInt32);
  int32_t bias[2];
  ASSERT_EQ(b.data.size(), sizeof bias);
  std::memcpy(bias, b.data.data(), sizeof bias);
  EXPECT_EQ(bias[0], 64);  // 1 / (1 * 2 / 127) = 63.5
  EXPECT_EQ(bias[1], 64);
  EXPECT_FLOAT_EQ(b.quant.scale[1], 0.5f / 127.f);
}

TEST(Convert, DepthwiseScalesAreOfTheLastAxisAndDenseHasOne) {
  FloatNet net(2);
  const int x = net.input({1, 4, 4, 3});
  const int y = net.depthwise(x, {.kernel = 3}, 2);
  const int z = net.dense(net.mean(y), 5);
  net.output(z);
  const Graph g = quantized(net, -1, 1);
  const Tensor& w = g.tensors[net.maker(y).inputs[1]];
  EXPECT_EQ(w.quant.scale.size(), 6u);
  EXPECT_EQ(w.quant.axis, 3);
  EXPECT_EQ(g.tensors[net.maker(z).inputs[1]].quant.scale.size(), 1u);
  EXPECT_EQ(g.tensors[net.maker(z).inputs[2]].quant.scale.size(), 1u);
}

TEST(Convert, FixedScales) {
  FloatNet net(3);
  const int x = net.input({1, 2, 2, 4});
  const int a = net.unary(OpKind::kLogistic, x);
  const int b = net.unary(OpKind::kTanh, x);
  const int c = net.softmax(x);
  const int d = net.pool(OpKind::kMaxPool2d, a, {.kernel = 2});
  for (const int t : {a, b, c, d}) net.output(t);
  const Graph g = quantized(net, -3, 3);
  expect_params(g, a, 1 / 256.f, -128);
  expect_params(g, b, 1 / 128.f, 0);
  expect_params(g, c, 1 / 256.f, -128);
  expect_params(g, d, 1 / 256.f, -128);
}

TEST(Convert, MovedBytesKeepTheirScale) {
  FloatNet net(4);
  const int x = net.input({1, 4, 4, 4});
  int y = net.conv(x, 4, {.kernel = 3});
  const int scale_of = y;
  y = net.pad(y, 1, 1);
  const int padded = y;
  y = net.pool(OpKind::kAveragePool2d, y, {.kernel = 2, .stride = 2});
  y = net.resize(y, 2);
  y = net.transpose(y, {0, 2, 1, 3});
  y = net.slice(y, {0, 0, 0, 0}, {1, 4, 4, 4});
  y = net.blocks(OpKind::kDepthToSpace, y, 2);
  y = net.split(y, 1, 2)[1];
  y = net.reshape(y, {1, 32});
  net.output(y);
  const Graph g = quantized(net, -1, 1);
  const Tensor& first = g.tensors[scale_of];
  for (const Op& op : g.ops) {
    for (const int t : op.outputs) {
      expect_params(g, t, first.scale(), first.zero());
    }
  }
  EXPECT_EQ(count(g, OpKind::kQuantize), 0);
  for (const Op& op : g.ops) {
    if (op.outputs[0] != padded) continue;
    EXPECT_EQ(std::get<PadAttr>(op.attr).value, first.zero());
  }
}

TEST(Convert, PaddingBelowEverythingIsTheLeastByte) {
  FloatNet net(5);
  const int x = net.input({1, 4, 4, 2});
  const int y = net.padv2(x, 1, 1, -INFINITY);
  net.output(net.pool(OpKind::kMaxPool2d, y, {.kernel = 3, .same = false}));
  const Graph g = quantized(net, -2, 2);
  expect_params(g, y, 4 / 255.f, g.tensors[x].zero());
  const auto& pad = std::get<PadAttr>(g.ops[0].attr);
  EXPECT_EQ(pad.value, -128);
  EXPECT_EQ(pad.real, 0);
}

// Dilated pools of ONNX are imported in this way.
TEST(Convert, PaddingBelowEverythingIsLostInMaximaOfItsParts) {
  FloatNet net(5);
  const int x = net.input({1, 4, 4, 2});
  const int y = net.padv2(x, 1, 1, -INFINITY);
  const int near = net.slice(y, {0, 0, 0, 0}, {1, 6, 4, 2});
  const int far = net.slice(y, {0, 0, 2, 0}, {1, 6, 4, 2});
  const int widest = net.binary(OpKind::kMaximum, near, far);
  net.output(
      net.pool(OpKind::kMaxPool2d, widest, {.kernel = 3, .same = false}));
  const Graph g = quantized(net, -2, 2);
  for (const int t : {y, near, far, widest}) {
    expect_params(g, t, 4 / 255.f, g.tensors[x].zero());
  }
  EXPECT_EQ(std::get<PadAttr>(g.ops[0].attr).value, -128);
}

TEST(Convert, PadValuesAreInTheRange) {
  FloatNet net(6);
  const int x = net.input({1, 2, 2, 1});
  const int y = net.padv2(x, 1, 1, 9);
  net.output(y);
  const Graph g = quantized(net, 0, 3);
  expect_params(g, y, 9 / 255.f, -128);
  expect_params(g, x, 9 / 255.f, -128);
  EXPECT_EQ(std::get<PadAttr>(g.ops[0].attr).value, 127);
}

TEST(Convert, ConcatenationGivesItsOperandsOneScale) {
  FloatNet net(7);
  const int x = net.input({1, 2, 2, 2});
  const int a = net.conv(x, 2, {}), b = net.conv(x, 3, {});
  const int y = net.concatenation({a, b});
  net.output(y);
  const Graph g = quantized(net, -1, 1);
  EXPECT_EQ(count(g, OpKind::kQuantize), 0);
  for (const int t : {a, b}) {
    expect_params(g, t, g.tensors[y].scale(), g.tensors[y].zero());
  }
}

// The input's scale is given, the logistic's fixed: two QUANTIZE.
TEST(Convert, ConcatenationRequantizesGivenScales) {
  FloatNet net(8);
  const int x = net.input({1, 2, 2, 2});
  const int a = net.conv(x, 2, {}), b = net.unary(OpKind::kLogistic, a);
  const int y = net.concatenation({x, a, b, x});
  net.output(y);
  QuantizeOptions options;
  options.input_ranges = {{-1, 1}};
  const Graph g = quantized(net, -1, 1, options);
  EXPECT_EQ(count(g, OpKind::kQuantize), 2);
  const Op& join = g.ops.back();
  ASSERT_EQ(join.kind, OpKind::kConcatenation);
  EXPECT_EQ(join.inputs[0], join.inputs[3]);
  for (const int t : join.inputs) {
    expect_params(g, t, g.tensors[y].scale(), g.tensors[y].zero());
  }
  expect_params(g, x, 2 / 255.f, -1);
  expect_params(g, b, 1 / 256.f, -128);
}

// A skip whose other reader would lose more than a bit.
TEST(Convert, ConcatenationRequantizesWhatOthersReadToo) {
  for (const bool read : {false, true}) {
    FloatNet net(9);
    const int x = net.input({1, 2, 2, 2});
    const int small = net.conv(x, 2, {.bias = false});
    net.set_values(net.maker(small).inputs[1], {1, 0, 0, 1});
    const int large = net.conv(x, 2, {.bias = false});
    net.set_values(net.maker(large).inputs[1], {5, 0, 0, 5});
    const int y = net.concatenation({small, large});
    net.output(y);
    if (read) net.output(net.conv(small, 2, {}));
    const Graph g = quantized(net, -1, 1);
    EXPECT_EQ(count(g, OpKind::kQuantize), read ? 1 : 0);
    expect_params(g, small, read ? 2 / 255.f : 10 / 255.f, -1);
  }
}

TEST(Convert, ConcatenationOfEqualFixedScalesNeedsNothing) {
  FloatNet net(10);
  const int x = net.input({1, 2, 2, 2});
  const int a = net.unary(OpKind::kLogistic, x);
  const int b = net.unary(OpKind::kLogistic, net.conv(x, 2, {}));
  const int y = net.concatenation({a, b});
  net.output(y);
  const Graph g = quantized(net, -1, 1);
  EXPECT_EQ(count(g, OpKind::kQuantize), 0);
  expect_params(g, y, 1 / 256.f, -128);
}

TEST(Convert, ConstantsOfSumsHaveScalesOfTheirOwn) {
  FloatNet net(11);
  const int x = net.input({1, 2, 2, 2});
  const int c = net.constant({2}, {-1, 3});
  const int y = net.binary(OpKind::kAdd, x, c);
  net.output(net.binary(OpKind::kMaximum, y, net.constant({1}, {20})));
  const Graph g = quantized(net, 0, 10);
  expect_params(g, c, 4 / 255.f, -64);
  EXPECT_EQ(g.tensors[c].data, (std::vector<uint8_t>{0x80, 127}));
  // All three of MAXIMUM reach from -1 to the constant's 20.
  expect_params(g, y, 21 / 255.f, -116);
}

// The same constant as weights of two layers with different inputs' scales and
// as an operand: a reader that wants other bytes gets a copy.
TEST(Convert, SharedConstantsAreCopiedWhereNeeded) {
  FloatNet net(12);
  const int x = net.input({1, 1, 1, 2});
  const int a = net.conv(x, 2, {}), b = net.conv(a, 2, {});
  for (const size_t i : {1, 2}) {
    net.maker(b).inputs[i] = net.maker(a).inputs[i];
  }
  net.output(b);
  const Graph g = quantized(net, -1, 1);
  EXPECT_EQ(g.ops[0].inputs[1], g.ops[1].inputs[1]);
  EXPECT_NE(g.ops[0].inputs[2], g.ops[1].inputs[2]);
  const Tensor& copy = g.tensors[g.ops[1].inputs[2]];
  EXPECT_EQ(copy.type, Type::kInt32);
  EXPECT_NE(copy.name, g.tensors[g.ops[0].inputs[2]].name);
}

// 1e9 / (1/255 * 1e-6/127) leaves int32: the weights' scale widens.
TEST(Convert, GreatBiasesWidenTheScaleOfTheWeights) {
  FloatNet net(13);
  const int x = net.input({1, 1, 1, 2});
  const int y = net.conv(x, 2, {});
  net.output(y);
  const Op op = net.maker(y);
  net.set_values(op.inputs[1], {1e-6f, 1e-6f, 0, 0});
  net.set_values(op.inputs[2], {1000, -1});
  const Graph g = quantized(net, 0, 1);
  const Tensor& b = g.tensors[op.inputs[2]];
  int32_t bias[2];
  std::memcpy(bias, b.data.data(), sizeof bias);
  for (const int c : {0, 1}) {
    EXPECT_NEAR(bias[c] * double{b.quant.scale[c]}, c == 0 ? 1000 : -1, 0.01);
    EXPECT_LE(std::abs(bias[c]), (1 << 30) + 1000);
  }
}

// A dead layer has the scale of what it is made from.
TEST(Convert, LayersThatNoFrameReachesAreAllowed) {
  FloatNet net(17);
  const int x = net.input({1, 2, 2, 2});
  const int dead = net.conv(x, 2, {.act = Activation::kRelu});
  net.set_values(net.maker(dead).inputs[2], {-100, -100});
  net.output(net.binary(OpKind::kAdd, x, net.pad(net.conv(dead, 2, {}), 0, 0)));
  const Graph g = quantized(net, 0, 1);
  expect_params(g, dead, 1 / 255.f, 0);
}

void expect_refused(const Graph& g, const Calibration& frames, Exit code,
                    const std::string& what) {
  QuantizeReport report;
  try {
    quantize(g, frames, {}, report);
    FAIL() << "wanted: " << what;
  } catch (const Error& e) {
    EXPECT_EQ(e.code(), code) << e.what();
    EXPECT_NE(std::string(e.what()).find(what), std::string::npos) << e.what();
  }
}

FloatNet one_conv() {
  FloatNet net(14);
  const int x = net.input({1, 2, 2, 2});
  net.output(net.conv(x, 2, {.act = Activation::kRelu}));
  return net;
}

TEST(Convert, RefusesWithTheName) {
  FloatNet net = one_conv();
  const Calibration good = ramp(net.graph(), -1, 1);
  expect_refused(net.graph(), {}, Exit::kUsage,
                 "there are no calibration frames");
  const auto frames = [](std::vector<float> v) {
    return Calibration{1, [=](int64_t) { return v; }};
  };
  expect_refused(net.graph(), frames({1, 2}), Exit::kUsage,
                 "calibration frame 0 has 2 values, floats takes 8");
  std::vector<float> odd(8, 1);
  odd[3] = NAN;
  expect_refused(net.graph(), frames(odd), Exit::kCorrupt, "not finite");
  odd[3] = 3e38f;
  net.set_values(net.graph().ops[0].inputs[1], {1, 9, 9, 9});
  expect_refused(net.graph(), frames(odd), Exit::kCorrupt,
                 "layer 'CONV_2D3' (CONV_2D) gives values that are not finite");
  net.set_values(net.graph().ops[0].inputs[1], {1, INFINITY, 1, 1});
  expect_refused(net.graph(), good, Exit::kCorrupt, "constant 'weights1'");
  net.set_values(net.graph().ops[0].inputs[1], {0, 0, 0, 0});
  net.set_values(net.graph().ops[0].inputs[2], {-1, 0});
  expect_refused(net.graph(), good, Exit::kUnsupported,
                 "all outputs are zero in all frames");
  net.set_values(net.graph().ops[0].inputs[1], {1, 1, 1, 1});
  expect_refused(net.graph(), frames(std::vector<float>(8, 0)), Exit::kUsage,
                 "input 'input0' is zero in all calibration frames");

  FloatNet leaky(15);
  leaky.output(leaky.unary(OpKind::kLeakyRelu, leaky.input({1, 8}), -1));
  expect_refused(leaky.graph(), good, Exit::kUnsupported,
                 "op 0 LEAKY_RELU 'LEAKY_RELU1': its alpha is negative");

  FloatNet padded(16);
  padded.output(padded.padv2(padded.input({1, 2, 2, 2}), 1, 1, -INFINITY));
  expect_refused(padded.graph(), good, Exit::kUnsupported,
                 "MAX_POOL_2D and MAXIMUM alone");
}

}  // namespace
}  // namespace shoal
