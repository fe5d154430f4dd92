// QDQ models: an int8 graph with the bytes that real arithmetic, rounded once,
// gives.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <random>
#include <utility>

#include "host/base/error.h"
#include "host/model/onnx/onnx.h"
#include "host/model/onnx/testing/onnx_builder.h"
#include "host/oracle/int8/oracle.h"

namespace shoal {
namespace {

std::vector<OpKind> op_kinds(const Graph& graph) {
  std::vector<OpKind> out;
  for (const Op& op : graph.ops) out.push_back(op.kind);
  return out;
}

std::string refusal(const OnnxBuilder& b) {
  try {
    import_onnx(b.finish(), "m");
    return "imported";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), Exit::kUnsupported) << error.what();
    return error.what();
  }
}

std::vector<uint8_t> random_bytes(std::mt19937& rng, int64_t count) {
  std::vector<uint8_t> out;
  for (int64_t i = 0; i < count; ++i) {
    out.push_back(static_cast<uint8_t>(rng()));
  }
  return out;
}

// A convolution of 1x1, x and y of zero points 3 and -7, activation between
// or not.
struct Layer {
  Floats scales;
  float sx = 1, sy = 1;
  bool relu = false, plain = false;
  Ints weights = some_bytes(12, 5);
  Ints bias = {5, -100, 77};

  void make(OnnxBuilder& b) const {
    b.input("x", {1, 4, 5, 5});
    const int shift = plain ? 128 : 0;
    const std::string x = b.rounded("x", sx, 3 + shift, plain);
    const std::string w = b.weights("w", {3, 4, 1, 1}, weights, scales);
    Floats products;
    for (const float s : scales) products.push_back(s * sx);
    const std::string c = b.bias("c", bias, products);
    b.node("Conv", {x, w, c}, relu ? "v" : "y");
    if (relu) b.node("Relu", {"v"}, "y");
    b.output(b.rounded("y", sy, -7 + shift, plain));
  }

  // The value that the file means for a channel, in quanta and not yet rounded,
  // given the four channels of one place.
  double meant(const int8_t* x, size_t channel) const {
    int64_t sum = bias[channel];
    for (size_t i = 0; i < 4; ++i) sum += (x[i] - 3) * weights[4 * channel + i];
    double v = double{scales[channel]} * sx * static_cast<double>(sum);
    if (relu) v = std::max(v, 0.0);
    return std::clamp(v / sy - 7, -128.0, 127.0);
  }
};

void expect_meant(const Layer& layer) {
  OnnxBuilder b;
  layer.make(b);
  const Graph graph = import_onnx(b.finish(), "m");
  EXPECT_EQ(op_kinds(graph),
            (std::vector<OpKind>{OpKind::kConv2d, OpKind::kDequantize}));
  EXPECT_FALSE(is_float(graph));
  const Tensor& x = graph.tensors[static_cast<size_t>(graph.inputs[0])];
  EXPECT_EQ(x.name, "x");
  EXPECT_EQ(x.type, Type::kInt8);
  EXPECT_EQ(x.scale(), layer.sx);
  EXPECT_EQ(x.zero(), 3);
  std::mt19937 rng(7);
  const std::vector<uint8_t> input = random_bytes(rng, 100);
  const Values values = run_oracle(graph, input);
  const auto y = values[static_cast<size_t>(graph.ops[0].outputs[0])];
  for (size_t i = 0; i < y.size(); ++i) {
    const auto* place =
        reinterpret_cast<const int8_t*>(input.data()) + i / 3 * 4;
    // No further away than a half, so rounded once.
    ASSERT_NEAR(static_cast<int8_t>(y[i]), layer.meant(place, i % 3),
                0.5 + 1e-4)
        << i;
  }
}

TEST(OnnxQdq, ConvolutionsRoundOnce) {
  expect_meant({.scales = {0.7f, 0.9f, 0.55f}});
  expect_meant({.scales = {0.7f, 0.9f, 0.55f}, .relu = true});
  expect_meant({.scales = {0.31f, 0.4f, 0.27f}, .sx = 0.25f, .sy = 0.1f});
  expect_meant({.scales = {0.01f, 0.013f, 0.017f}});
  expect_meant({.scales = {1e-4f, 0.75f, 3.f}});
}

TEST(OnnxQdq, Uint8IsInt8Less128) {
  expect_meant({.scales = {0.7f, 0.9f, 0.55f}, .plain = true});
}

TEST(OnnxQdq, PoolsAndViewsKeepBytes) {
  OnnxBuilder b;
  b.input("x", {1, 2, 4, 4});
  const std::string x = b.rounded("x", 0.5f, 3);
  b.node("MaxPool", {x}, "p",
         {{"kernel_shape", Ints{2, 2}}, {"strides", Ints{2, 2}}});
  b.node("Flatten", {"p"}, "f");
  b.output(b.rounded("f", 0.5f, 3));
  const Graph graph = import_onnx(b.finish(), "m");
  EXPECT_EQ(op_kinds(graph),
            (std::vector<OpKind>{OpKind::kMaxPool2d, OpKind::kTranspose,
                                 OpKind::kReshape, OpKind::kDequantize}));
}

TEST(OnnxQdq, AnotherScaleBehindAPoolIsTakenInFront) {
  OnnxBuilder b;
  b.input("x", {1, 2, 4, 4});
  const std::string x = b.rounded("x", 0.5f, 3);
  b.node("MaxPool", {x}, "y",
         {{"kernel_shape", Ints{2, 2}}, {"strides", Ints{2, 2}}});
  b.output(b.rounded("y", 0.25f, -5));
  const Graph graph = import_onnx(b.finish(), "m");
  EXPECT_EQ(op_kinds(graph),
            (std::vector<OpKind>{OpKind::kQuantize, OpKind::kMaxPool2d,
                                 OpKind::kDequantize}));
}

TEST(OnnxQdq, PaddingsAreZeroPoints) {
  OnnxBuilder b;
  b.input("x", {1, 2, 4, 4});
  const std::string x = b.rounded("x", 0.5f, 3);
  b.node("MaxPool", {x}, "y",
         {{"kernel_shape", Ints{3, 3}},
          {"strides", Ints{2, 2}},
          {"pads", Ints{1, 1, 1, 1}}});
  b.output(b.rounded("y", 0.5f, 3));
  const Graph graph = import_onnx(b.finish(), "m");
  ASSERT_EQ(graph.ops[0].kind, OpKind::kPadv2);
  EXPECT_EQ(std::get<PadAttr>(graph.ops[0].attr).value, -128);
  EXPECT_EQ(std::get<PadAttr>(graph.ops[0].attr).real, 0);
}

// Imports the model, runs it with random bytes and expects results that are
// those of `meant` of the real operands, at most `far` quanta away.
void expect_near(
    const OnnxBuilder& b,
    const std::function<double(const std::vector<double>& x, size_t i)>& meant,
    double far = 0.5 + 1e-4) {
  const Graph graph = import_onnx(b.finish(), "m");
  std::mt19937 rng(11);
  std::vector<double> x;
  std::vector<uint8_t> input;
  for (const int t : graph.inputs) {
    const Tensor& tensor = graph.tensors[static_cast<size_t>(t)];
    for (const uint8_t q : random_bytes(rng, element_count(tensor.shape))) {
      input.push_back(q);
      x.push_back(double{tensor.scale()} *
                  (static_cast<int8_t>(q) - tensor.zero()));
    }
  }
  const Values values = run_oracle(graph, input);
  const auto from = static_cast<size_t>(graph.ops.back().inputs[0]);
  const Tensor& y = graph.tensors[from];
  for (size_t i = 0; i < values[from].size(); ++i) {
    const double v =
        std::clamp(meant(x, i) / y.scale() + y.zero(), -128., 127.);
    ASSERT_NEAR(static_cast<int8_t>(values[from][i]), v, far) << i;
  }
}

TEST(OnnxQdq, PairsOfBytes) {
  using F = double (*)(double, double);
  const std::pair<const char*, F> kinds[] = {
      {"Mul", [](double a, double b) { return a * b; }},
      {"Add", [](double a, double b) { return a + b; }},
      {"Sub", [](double a, double b) { return a - b; }},
      {"Max", [](double a, double b) { return std::max(a, b); }}};
  for (const auto& [type, f] : kinds) {
    SCOPED_TRACE(type);
    OnnxBuilder b;
    b.input("x", {1, 64});
    b.input("z", {1, 64});
    const std::string x = b.rounded("x", 0.5f, 3);
    const std::string z = b.rounded("z", 0.5f, -4);
    b.node(type, {x, z}, "y");
    b.output(b.rounded("y", 0.9f, 2));
    expect_near(b, [f = f](const std::vector<double>& v, size_t i) {
      return f(v[i], v[64 + i]);
    });
  }
}

TEST(OnnxQdq, AveragesOfAnotherScaleRoundOnce) {
  OnnxBuilder b;
  b.input("x", {1, 1, 6, 6});
  const std::string x = b.rounded("x", 0.5f, 3);
  b.node("AveragePool", {x}, "y",
         {{"kernel_shape", Ints{2, 2}}, {"strides", Ints{2, 2}}});
  b.output(b.rounded("y", 0.3f, 9));
  expect_near(b, [](const std::vector<double>& v, size_t i) {
    const size_t at = i / 3 * 12 + i % 3 * 2;
    return (v[at] + v[at + 1] + v[at + 6] + v[at + 7]) / 4;
  });
}

TEST(OnnxQdq, Tables) {
  using F = double (*)(double);
  const std::pair<const char*, F> kinds[] = {
      {"Relu", [](double v) { return std::max(v, 0.0); }},
      {"Sigmoid", [](double v) { return 1 / (1 + std::exp(-v)); }},
      {"Tanh", [](double v) { return std::tanh(v); }}};
  for (const auto& [type, f] : kinds) {
    SCOPED_TRACE(type);
    OnnxBuilder b;
    b.input("x", {1, 64});
    b.node(type, {b.rounded("x", 0.05f, 3)}, "y");
    b.output(b.rounded("y", 1 / 99.f, -100));
    expect_near(
        b, [f = f](const std::vector<double>& v, size_t i) { return f(v[i]); });
  }
}

TEST(OnnxQdq, WhatIsNotQuantizedIsNamed) {
  {
    OnnxBuilder b;
    b.input("x", {1, 8});
    b.node("Relu", {b.rounded("x", 0.5f, 3)}, "y");
    b.node("Exp", {"y"}, "z");
    b.output("z");
    EXPECT_EQ(refusal(b),
              "m: not supported:\n  EXP \"z\": no QuantizeLinear behind "
              "it rounds its result");
  }
  {
    OnnxBuilder b;
    b.input("x", {1, 8});
    b.node("Tanh", {"x"}, "y");
    b.output(b.rounded("y", 1 / 128.f, 0));
    EXPECT_EQ(refusal(b),
              "m: not supported:\n  model input \"x\": no QuantizeLinear "
              "reads it alone\n  TANH \"y.real\": \"x\" is not quantized");
  }
  {
    OnnxBuilder b;
    b.input("x", {1, 8});
    b.floats("c", {8}, some_floats(8));
    b.node("Mul", {b.rounded("x", 0.5f, 3), "c"}, "y");
    b.output(b.rounded("y", 1, 0));
    EXPECT_EQ(refusal(b),
              "m: not supported:\n  MUL \"y.real\": \"c\" is not quantized");
  }
}

// Nothing says the ranges between the parts.
TEST(OnnxQdq, PartsOfAnUnroundedOperatorAreOneLine) {
  OnnxBuilder b(17);
  b.input("x", {1, 8});
  b.floats("g", {8}, some_floats(8));
  b.node("LayerNormalization", {b.rounded("x", 0.5F, 3), "g"}, "y");
  b.output(b.rounded("y", 1, 0));
  EXPECT_EQ(refusal(b),
            "m: not supported:\n  the parts of \"y\" (MEAN, "
            "SQUARED_DIFFERENCE, MEAN, ADD, RSQRT, SUB, MUL): they compute in "
            "float32, no QuantizeLinear rounds their results\n  MUL "
            "\"y.real\": \"y:normalized\" is not quantized");
}

// A bias that is no multiple of the product of the scales is rounded to one.
TEST(OnnxQdq, Biases) {
  const auto with_bias = [](OnnxBuilder& b, float third) {
    b.input("x", {1, 1, 4, 4});
    const std::string x = b.rounded("x", 0.1f, 3);
    const std::string w = b.weights("w", {1, 1, 1, 1}, {50}, {0.02f});
    b.floats("c", {1}, {third});
    b.node("Conv", {x, w, "c"}, "y");
    b.output(b.rounded("y", 0.3f, -7));
  };
  OnnxBuilder b;
  with_bias(b, 0.333f);
  expect_near(
      b, [](const std::vector<double>& v, size_t i) { return v[i] + 0.333; },
      0.5 + 0.001 / 0.3 + 1e-4);
  OnnxBuilder far;
  with_bias(far, 1e9f);
  EXPECT_EQ(refusal(far),
            "m: not supported:\n  CONV_2D \"y.real\": the bias of channel 0, "
            "1e+09, leaves 32 bits in units of 0.002, the product of the "
            "scales");
}

// The bytes before the last DEQUANTIZE are the values that the file means, in
// quanta, no further away than a half.
void expect_rounded(const OnnxBuilder& b, const std::vector<OpKind>& kinds,
                    const std::vector<int>& input,
                    const std::vector<double>& meant) {
  const Graph graph = import_onnx(b.finish(), "m");
  EXPECT_EQ(op_kinds(graph), kinds);
  std::vector<uint8_t> bytes;
  for (const int q : input) bytes.push_back(static_cast<uint8_t>(q));
  const Values values = run_oracle(graph, bytes);
  const auto y = values[static_cast<size_t>(graph.ops.back().inputs[0])];
  ASSERT_EQ(y.size(), meant.size());
  for (size_t i = 0; i < y.size(); ++i) {
    EXPECT_NEAR(static_cast<int8_t>(y[i]), std::clamp(meant[i], -128.0, 127.0),
                0.5 + 1e-3)
        << i;
  }
}

TEST(OnnxQdq, ChainsOfOneValueAreOneTable) {
  OnnxBuilder b;
  b.input("x", {1, 5});
  b.number("c", 2);
  b.node("Mul", {b.rounded("x", 0.05f, 3), "c"}, "m");
  b.node("Sigmoid", {"m"}, "s");
  b.node("Reciprocal", {"s"}, "r");
  b.node("Mul", {"r", "m"}, "y");
  b.output(b.rounded("y", 0.1f, -20));
  const std::vector<int> input = {-60, -20, 3, 20, 60};
  std::vector<double> meant;
  for (const int q : input) {
    const double m = 0.1 * (q - 3);
    meant.push_back(m * (1 + std::exp(-m)) / 0.1 - 20);
  }
  expect_rounded(b, {OpKind::kFunction, OpKind::kDequantize}, input, meant);
}

TEST(OnnxQdq, ASumBehindAMatrixIsItsBias) {
  OnnxBuilder b;
  b.input("x", {1, 3});
  const std::string x = b.rounded("x", 0.1f, 3);
  const std::string w =
      b.weights("w", {3, 2}, {10, -20, 30, 40, -50, 60}, {0.02f});
  b.node("MatMul", {x, w}, "m");
  b.node("Add", {"m", b.bias("c", {100, -200}, {0.002f})}, "y");
  b.output(b.rounded("y", 0.3f, 1));
  const std::vector<int> input = {-100, 7, 90};
  std::vector<double> meant;
  const int weights[] = {10, -20, 30, 40, -50, 60}, bias[] = {100, -200};
  for (size_t c = 0; c < 2; ++c) {
    int sum = bias[c];
    for (size_t i = 0; i < 3; ++i) sum += (input[i] - 3) * weights[2 * i + c];
    meant.push_back(sum * 0.002 / 0.3 + 1);
  }
  expect_rounded(b, {OpKind::kFullyConnected, OpKind::kDequantize}, input,
                 meant);
}

TEST(OnnxQdq, GroupsHaveTheirChannelsScales) {
  OnnxBuilder b;
  b.input("x", {1, 4, 1, 1});
  const std::string x = b.rounded("x", 0.1f, 3);
  const std::string w =
      b.weights("w", {2, 2, 1, 1}, {10, -20, 30, 40}, {0.02f, 0.05f});
  b.node("Conv", {x, w}, "y", {{"group", int64_t{2}}});
  b.output(b.rounded("y", 0.3f, 1));
  const std::vector<int> input = {-100, 7, 90, -20};
  const double first = (-103 * 10 + 4 * -20) * 0.1 * 0.02 / 0.3 + 1;
  const double second = (87 * 30 - 23 * 40) * 0.1 * 0.05 / 0.3 + 1;
  expect_rounded(b,
                 {OpKind::kSplit, OpKind::kConv2d, OpKind::kConv2d,
                  OpKind::kConcatenation, OpKind::kDequantize},
                 input, {first, second});
}

TEST(OnnxQdq, WhatIsCutOffATransposedConvolutionHasItsScale) {
  OnnxBuilder b;
  b.input("x", {1, 1, 1, 2});
  const std::string x = b.rounded("x", 0.1f, 3);
  const std::string w = b.weights("w", {1, 1, 1, 2}, {10, -20}, {0.02f});
  b.node("ConvTranspose", {x, w}, "y", {{"pads", Ints{0, 1, 0, 0}}});
  b.output(b.rounded("y", 0.03f, 1));
  const std::vector<int> input = {-60, 40};
  const double unit = 0.1 * 0.02 / 0.03;
  expect_rounded(
      b, {OpKind::kTransposeConv, OpKind::kSlice, OpKind::kDequantize}, input,
      {(-63 * -20 + 37 * 10) * unit + 1, 37 * -20 * unit + 1});
}

TEST(OnnxQdq, AveragesCountWhatIsNotPadded) {
  OnnxBuilder b;
  b.input("x", {1, 1, 1, 3});
  b.node("AveragePool", {b.rounded("x", 0.5f, 3)}, "y",
         {{"kernel_shape", Ints{1, 3}}, {"pads", Ints{0, 2, 0, 1}}});
  b.output(b.rounded("y", 0.5f, 3));
  expect_rounded(b, {OpKind::kAveragePool2d, OpKind::kDequantize}, {10, 20, 33},
                 {10, 15, 21, 26.5});
}

// The averages need a tensor of their own scale.
TEST(OnnxQdq, AveragesAtAnEdgeTakeAnotherScale) {
  OnnxBuilder b;
  b.input("x", {1, 1, 1, 3});
  b.node("AveragePool", {b.rounded("x", 0.5f, 3)}, "y",
         {{"kernel_shape", Ints{1, 3}}, {"pads", Ints{0, 2, 0, 1}}});
  b.output(b.rounded("y", 0.25f, 3));
  expect_rounded(
      b, {OpKind::kAveragePool2d, OpKind::kQuantize, OpKind::kDequantize},
      {10, 20, 33}, {17, 27, 39, 51});
}

TEST(OnnxQdq, DilatedPools) {
  const std::vector<OnnxField> window = {{"kernel_shape", Ints{1, 3}},
                                         {"dilations", Ints{1, 2}}};
  const std::vector<int> input = {10, 20, 33, -7, 5, 90};
  OnnxBuilder largest;
  largest.input("x", {1, 1, 1, 6});
  largest.node("MaxPool", {largest.rounded("x", 0.5f, 3)}, "y", window);
  largest.output(largest.rounded("y", 0.5f, 3));
  expect_rounded(
      largest,
      {OpKind::kSlice, OpKind::kSlice, OpKind::kMaximum, OpKind::kSlice,
       OpKind::kSlice, OpKind::kMaximum, OpKind::kDequantize},
      input, {33, 90});
  OnnxBuilder mean(19);
  mean.input("x", {1, 1, 1, 6});
  mean.node("AveragePool", {mean.rounded("x", 0.5f, 3)}, "y", window);
  mean.output(mean.rounded("y", 0.25f, 3));
  expect_rounded(mean, {OpKind::kDepthwiseConv2d, OpKind::kDequantize}, input,
                 {2 * 39 / 3.0 + 3, 2 * 94 / 3.0 + 3});
}

// ONNX Runtime's own operator divides by all places of a window that ceil_mode
// lets reach beyond the input.
TEST(OnnxQdq, QLinearAveragesCountWhatIsBeyond) {
  OnnxBuilder b;
  b.input("x", {1, 1, 1, 3});
  b.number("s", 0.5f);
  b.bytes("z", {}, {3});
  b.node("QuantizeLinear", {"x", "s", "z"}, "q");
  b.node("QLinearAveragePool", {"q", "s", "z", "s", "z"}, "r",
         {{"kernel_shape", Ints{1, 2}},
          {"strides", Ints{1, 2}},
          {"ceil_mode", int64_t{1}},
          {"count_include_pad", int64_t{1}}});
  b.break_domain("com.microsoft");
  b.node("DequantizeLinear", {"r", "s", "z"}, "y");
  b.output("y");
  expect_rounded(b, {OpKind::kPad, OpKind::kAveragePool2d, OpKind::kDequantize},
                 {10, 20, 33}, {15, 18});
}

}  // namespace
}  // namespace shoal
