// QDQ models: an int8 graph with the bytes that real arithmetic rounded to
// even gives, or the layer and the first value that differs.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <random>

#include "host/base/error.h"
#include "host/model/onnx/exact.h"
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

  // The byte that the file means for a channel, given the four channels of one
  // place.
  int meant(const int8_t* x, size_t channel) const {
    int64_t sum = bias[channel];
    for (size_t i = 0; i < 4; ++i) sum += (x[i] - 3) * weights[4 * channel + i];
    double v = double{scales[channel]} * sx * static_cast<double>(sum);
    if (relu) v = std::max(v, 0.0);
    return static_cast<int>(
        std::clamp(std::nearbyint(v / sy) - 7, -128.0, 127.0));
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
    ASSERT_EQ(static_cast<int8_t>(y[i]), layer.meant(place, i % 3)) << i;
  }
}

// Multipliers of at least a half are rounded once, as the file means.
TEST(OnnxQdq, ConvolutionsGiveTheBytesMeant) {
  expect_meant({.scales = {0.7f, 0.9f, 0.55f}});
  expect_meant({.scales = {0.7f, 0.9f, 0.55f}, .relu = true});
  expect_meant({.scales = {0.31f, 0.4f, 0.27f}, .sx = 0.25f, .sy = 0.1f});
}

TEST(OnnxQdq, Uint8IsInt8Less128) {
  expect_meant({.scales = {0.7f, 0.9f, 0.55f}, .plain = true});
}

TEST(OnnxQdq, TheFirstSumThatDiffersIsNamed) {
  OnnxBuilder b;
  Layer{.scales = {0.7f, 0.75f, 0.55f}}.make(b);
  EXPECT_EQ(
      refusal(b),
      "m: not supported:\n  CONV_2D \"y.real\": channel 1: sum -154 gives "
      "-122, -123 is meant");
  // Less 7: the file rounds this half to even, -116, TensorFlow Lite up.
  EXPECT_EQ(-154 * 0.75, -115.5);
}

// Below a half TensorFlow Lite rounds twice.
TEST(OnnxQdq, SmallMultipliersDiffer) {
  OnnxBuilder b;
  Layer{.scales = {0.01f, 0.013f, 0.017f}}.make(b);
  EXPECT_NE(refusal(b).find("CONV_2D \"y.real\": channel 0: sum "),
            std::string::npos);
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

// y = type(x, z), both of scale 0.5 and zero points 3 and -4.
std::string binary(const char* type, float sy) {
  OnnxBuilder b;
  b.input("x", {1, 8});
  b.input("z", {1, 8});
  const std::string x = b.rounded("x", 0.5f, 3);
  const std::string z = b.rounded("z", 0.5f, -4);
  b.node(type, {x, z}, "y");
  b.output(b.rounded("y", sy, 2));
  return refusal(b);
}

TEST(OnnxQdq, PairsOfBytes) {
  EXPECT_EQ(binary("Mul", 0.25f), "imported");
  EXPECT_EQ(binary("Add", 0.5f), "imported");
  EXPECT_EQ(binary("Sub", 0.5f), "imported");
  EXPECT_EQ(binary("Max", 0.5f), "imported");
  EXPECT_EQ(
      binary("Add", 1.f),
      "m: not supported:\n  ADD \"y.real\": bytes -128 and -126 give -125, "
      "-124 is meant");
}

TEST(OnnxQdq, Averages) {
  const auto average = [](int64_t kernel) {
    OnnxBuilder b;
    b.input("x", {1, 2, 6, 6});
    const std::string x = b.rounded("x", 0.5f, 3);
    b.node("AveragePool", {x}, "y",
           {{"kernel_shape", Ints{kernel, kernel}},
            {"strides", Ints{kernel, kernel}}});
    b.output(b.rounded("y", 0.5f, 3));
    return refusal(b);
  };
  EXPECT_EQ(average(3), "imported");  // no halves
  EXPECT_EQ(average(2),
            "m: not supported:\n  AVERAGE_POOL_2D \"y.real\": windows of 4 "
            "places: sum -510 gives -128, -127 is meant");
}

TEST(OnnxQdq, Tables) {
  const auto table = [](const char* type, float sx, float sy, int zero) {
    OnnxBuilder b;
    b.input("x", {1, 8});
    const std::string x = b.rounded("x", sx, 3);
    b.node(type, {x}, "y");
    b.output(b.rounded("y", sy, zero));
    return refusal(b);
  };
  EXPECT_EQ(table("Relu", 0.5f, 0.5f, 3), "imported");
  EXPECT_EQ(table("Sigmoid", 0.05f, 1 / 256.f, -128), "imported");
  EXPECT_EQ(table("Sigmoid", 0.05f, 1 / 255.f, -128),
            "m: not supported:\n  LOGISTIC \"y.real\": byte -67 gives -120, "
            "-121 is meant");
  EXPECT_EQ(table("Softmax", 0.05f, 1 / 256.f, -128),
            "m: not supported:\n  SOFTMAX \"y.real\": sums of exponentials; "
            "leave it out, the order of the classes stays");
}

TEST(OnnxQdq, WhatIsNotQuantizedIsNamed) {
  {
    OnnxBuilder b;
    b.input("x", {1, 8});
    b.node("Relu", {b.rounded("x", 0.5f, 3)}, "y");
    b.node("Sigmoid", {"y"}, "z");
    b.output("z");
    EXPECT_EQ(refusal(b),
              "m: not supported:\n  LOGISTIC \"z\": no QuantizeLinear behind "
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
    b.number("c", 2);
    b.node("Mul", {b.rounded("x", 0.5f, 3), "c"}, "y");
    b.output(b.rounded("y", 1, 0));
    EXPECT_EQ(refusal(b),
              "m: not supported:\n  MUL \"y.real\": \"c\" is not quantized");
  }
}

TEST(OnnxQdq, Biases) {
  Layer layer{.scales = {0.7f, 0.9f, 0.55f}};
  OnnxBuilder b;
  b.input("x", {1, 4, 5, 5});
  const std::string x = b.rounded("x", 1, 3);
  const std::string w = b.weights("w", {3, 4, 1, 1}, layer.weights, {0.7f});
  b.floats("c", {3}, {0.7f, 0.3f, 0});
  b.node("Conv", {x, w, "c"}, "y");
  b.output(b.rounded("y", 1, -7));
  EXPECT_EQ(refusal(b),
            "m: not supported:\n  CONV_2D \"y.real\": the bias of channel 1, "
            "0.3, is not a multiple of 0.7, the product of the scales");
}

// The search for steps against all sums.
TEST(OnnxQdq, StepsAreComparedOverAllSums) {
  const uint32_t seed = 99;
  SCOPED_TRACE(seed);
  std::mt19937 rng(seed);
  for (int run = 0; run < 200; ++run) {
    const double factor = 0.01 + rng() % 1000 / 500.0;
    const int64_t odd = rng() % 400 - 200;
    const auto f = [&](int64_t sum) {
      return onnx_import::round_to_byte(factor * static_cast<double>(sum), 5);
    };
    const auto g = [&](int64_t sum) { return f(sum > odd ? sum + 1 : sum); };
    bool differ = false;
    for (int64_t sum = -200; sum <= 200; ++sum) differ |= f(sum) != g(sum);
    EXPECT_EQ(!onnx_import::step_difference(-200, 200, f, g).empty(), differ);
    EXPECT_EQ(onnx_import::step_difference(-200, 200, f, f), "");
  }
}

}  // namespace
}  // namespace shoal
