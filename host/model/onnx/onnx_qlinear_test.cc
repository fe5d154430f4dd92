// Operators that compute on bytes are what they are short for.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <optional>

#include "host/base/error.h"
#include "host/base/testing/expect_throws.h"
#include "host/model/graph/difference.h"
#include "host/model/onnx/onnx.h"
#include "host/model/onnx/testing/onnx_builder.h"
#include "host/oracle/int8/oracle.h"

namespace shoal {
namespace {

const OnnxField kStrides{"strides", Ints{2, 2}};

void constants(OnnxBuilder& b) {
  b.input("x", {1, 2, 6, 6});
  b.number("sx", 0.5f);
  b.bytes("zx", {}, {3});
  b.bytes("w", {2, 2, 3, 3}, some_bytes(36));
  b.floats("sw", {2}, {0.25f, 0.125f});
  b.bytes("zw", {2}, {0, 0});
  b.number("sy", 0.0625f);
  b.bytes("zy", {}, {-5});
  b.int32s("c", {2}, {100, -70});
  b.node("QuantizeLinear", {"x", "sx", "zx"}, "q");
}

Graph finished(OnnxBuilder& b) {
  b.node("DequantizeLinear", {"r", "sy", "zy"}, "y");
  b.output("y");
  return import_onnx(b.finish(), "m");
}

TEST(OnnxQlinear, AConvolutionIsOne) {
  OnnxBuilder whole;
  constants(whole);
  whole.node("QLinearConv", {"q", "sx", "zx", "w", "sw", "zw", "sy", "zy", "c"},
             "r", {kStrides});
  OnnxBuilder pieces;
  constants(pieces);
  pieces.floats("sc", {2}, {0.125f, 0.0625f});
  pieces.node("DequantizeLinear", {"q", "sx", "zx"}, "qd");
  pieces.node("DequantizeLinear", {"w", "sw", "zw"}, "wd",
              {{"axis", int64_t{0}}});
  pieces.node("DequantizeLinear", {"c", "sc"}, "cd", {{"axis", int64_t{0}}});
  pieces.node("Conv", {"qd", "wd", "cd"}, "rd", {kStrides});
  pieces.node("QuantizeLinear", {"rd", "sy", "zy"}, "r");
  const Graph a = finished(whole), b = finished(pieces);
  ASSERT_EQ(a.ops.size(), b.ops.size());
  for (size_t i = 0; i < a.ops.size(); ++i) {
    EXPECT_EQ(a.ops[i].kind, b.ops[i].kind);
    EXPECT_TRUE(a.ops[i].attr == b.ops[i].attr);
    ASSERT_EQ(a.ops[i].inputs.size(), b.ops[i].inputs.size());
    for (size_t k = 0; k < a.ops[i].inputs.size(); ++k) {
      if (a.ops[i].inputs[k] < 0) continue;
      const Tensor& p = a.tensors[static_cast<size_t>(a.ops[i].inputs[k])];
      const Tensor& q = b.tensors[static_cast<size_t>(b.ops[i].inputs[k])];
      EXPECT_EQ(p.data, q.data);
      EXPECT_EQ(p.shape, q.shape);
      EXPECT_EQ(p.quant.scale, q.quant.scale);
      EXPECT_EQ(p.quant.zero, q.quant.zero);
    }
  }
}

TEST(OnnxQlinear, AMissingOperandIsSaid) {
  OnnxBuilder b;
  constants(b);
  b.node("QLinearConv", {"q", "sx", "zx", "w", "sw", "zw"}, "r");
  try {
    finished(b);
    ADD_FAILURE();
  } catch (const Error& error) {
    EXPECT_STREQ(error.what(),
                 "m: not supported:\n  node 1 QLinearConv \"r\": an operand "
                 "is missing");
  }
}

// Dynamic quantization: the weights' values, and nothing is rounded.
TEST(OnnxQlinear, IntegersOfWeights) {
  OnnxBuilder b;
  b.input("x", {1, 2, 6, 6});
  b.bytes("w", {2, 2, 3, 3}, some_bytes(36));
  b.bytes("zw", {}, {3});
  b.number("sw", 0.5f);
  b.node("DynamicQuantizeLinear", {"x"},
         std::vector<std::string>{"q", "sx", "zx"});
  b.node("ConvInteger", {"q", "w", "zx", "zw"}, "n", {kStrides});
  b.node("Cast", {"n"}, "f", {{"to", int64_t{1}}});
  b.node("Mul", {"sx", "sw"}, "s");
  b.node("Mul", {"f", "s"}, "y");
  b.output("y");
  const Graph g = import_onnx(b.finish(), "m");
  ASSERT_EQ(g.ops.size(), 1u);
  EXPECT_TRUE(is_float(g));
  OnnxBuilder plain;
  plain.input("x", {1, 2, 6, 6});
  Floats weights;
  for (const int64_t v : some_bytes(36)) {
    weights.push_back(static_cast<float>(v - 3) * 0.5f);
  }
  plain.floats("w", {2, 2, 3, 3}, weights);
  plain.node("Conv", {"x", "w"}, "y", {kStrides});
  plain.output("y");
  const Graph p = import_onnx(plain.finish(), "m");
  EXPECT_EQ(g.tensors[static_cast<size_t>(g.ops[0].inputs[1])].data,
            p.tensors[static_cast<size_t>(p.ops[0].inputs[1])].data);
  // Bytes of anything else are not computed with.
  OnnxBuilder bytes;
  bytes.input("x", {1, 2, 6, 6}, 2);
  bytes.node("ConvInteger", {"x", "x"}, "y");
  bytes.output("y", 6);
  EXPECT_THROW(import_onnx(bytes.finish(), "m"), Error);
}

// The result of a file whose softmax is one operator, or is written out.
Graph softmax(bool whole, int64_t opset, const std::vector<OnnxField>& fields,
              const std::vector<OnnxField>& attributes) {
  OnnxBuilder b(opset);
  constants(b);
  b.number("sp", 1 / 256.F);
  b.bytes("zp", {}, {-128});
  if (whole) {
    b.node("QLinearSoftmax", {"q", "sx", "zx", "sp", "zp"}, "s", fields);
    b.break_domain("com.microsoft");
  } else {
    b.node("DequantizeLinear", {"q", "sx", "zx"}, "s:operand 0");
    b.node("Softmax", {"s:operand 0"}, "s:real", attributes);
    b.node("QuantizeLinear", {"s:real", "sp", "zp"}, "s");
  }
  b.node("DequantizeLinear", {"s", "sp", "zp"}, "y");
  b.output("y");
  return import_onnx(b.finish(), "m");
}

TEST(OnnxQlinear, ASoftmaxNamesItsVersion) {
  const OnnxField last{"axis", int64_t{-1}}, channels{"axis", int64_t{1}};
  const OnnxField opset{"opset", int64_t{13}}, old{"opset", int64_t{11}};
  EXPECT_EQ(graph_difference(softmax(true, 13, {opset}, {}),
                             softmax(false, 13, {}, {last})),
            "");
  EXPECT_EQ(graph_difference(softmax(true, 13, {channels, opset}, {}),
                             softmax(false, 13, {}, {channels})),
            "");
  EXPECT_EQ(graph_difference(softmax(true, 12, {channels, old}, {}),
                             softmax(false, 12, {}, {channels})),
            "");
  EXPECT_NE(graph_difference(softmax(true, 13, {opset}, {}),
                             softmax(false, 13, {}, {channels})),
            "");
  EXPECT_THROW(softmax(true, 13, {old}, {}), Error);
}

Graph from_bytes(const char* type, const std::vector<std::string>& limits) {
  OnnxBuilder b;
  constants(b);
  b.bytes("low", {}, {-2});
  b.bytes("high", {}, {20});
  std::vector<std::string> inputs{"q"};
  inputs.insert(inputs.end(), limits.begin(), limits.end());
  b.node(type, inputs, "p");
  b.node("DequantizeLinear", {"p", "sx", "zx"}, "y");
  b.output("y");
  return import_onnx(b.finish(), "m");
}

std::vector<float> reals(const Graph& g, const std::vector<uint8_t>& bytes) {
  const std::vector<uint8_t> made = model_output(g, run_oracle(g, bytes));
  std::vector<float> out(made.size() / sizeof(float));
  std::memcpy(out.data(), made.data(), out.size() * sizeof(float));
  return out;
}

// The limits are bytes, and so is the 0 of a Relu.
TEST(OnnxQlinear, ClampsOfBytesHaveBytesAsLimits) {
  std::vector<uint8_t> x(72);
  for (size_t i = 0; i < x.size(); ++i) x[i] = static_cast<uint8_t>(i * 91);
  struct Limits {
    const char* type;
    std::vector<std::string> operands;
    int low, high;
  };
  for (const Limits& l :
       {Limits{"Clip", {"low", "high"}, -2, 20},
        Limits{"Clip", {"low"}, -2, 127},
        Limits{"Clip", {"", "high"}, -128, 20}, Limits{"Relu", {}, 0, 127}}) {
    const std::vector<float> made = reals(from_bytes(l.type, l.operands), x);
    ASSERT_EQ(made.size(), x.size());
    for (size_t i = 0; i < x.size(); ++i) {
      const int byte =
          std::clamp<int>(static_cast<int8_t>(x[i]), l.low, l.high);
      EXPECT_EQ(made[i], static_cast<float>(byte - 3) * 0.5F) << l.type << i;
    }
  }
  expect_throws([&] { from_bytes("Add", {"low"}); }, Exit::kUnsupported,
                "bytes as whole numbers");
}

// Both are what ONNX Runtime's quantizer writes for Where and ReduceMean.
Graph chosen_mean(bool whole, int64_t opset) {
  OnnxBuilder b(opset);
  constants(b);
  b.number("limit", 0);
  b.number("sz", 0.25F);
  b.bytes("zz", {}, {7});
  b.ints("axes", {2}, {2, 3});
  const OnnxField axes{"axes", Ints{2, 3}}, keeps{"keepdims", int64_t{1}};
  b.node("DequantizeLinear", {"q", "sx", "zx"}, "qd");
  b.node("Greater", {"qd", "limit"}, "above");
  if (whole) {
    b.node("QLinearWhere",
           {"above", "q", "sx", "zx", "q", "sx", "zx", "sz", "zz"}, "s");
    b.break_domain("com.microsoft");
    b.node("QLinearReduceMean", {"s", "sz", "zz", "sy", "zy"}, "r",
           {axes, keeps});
    b.break_domain("com.microsoft");
  } else {
    b.node("Where", {"above", "qd", "qd"}, "s:real");
    b.node("QuantizeLinear", {"s:real", "sz", "zz"}, "s");
    b.node("DequantizeLinear", {"s", "sz", "zz"}, "r:operand 0");
    if (opset < 18) {
      b.node("ReduceMean", {"r:operand 0"}, "r:real", {axes, keeps});
    } else {
      b.node("ReduceMean", {"r:operand 0", "axes"}, "r:real", {keeps});
    }
    b.node("QuantizeLinear", {"r:real", "sy", "zy"}, "r");
  }
  return finished(b);
}

TEST(OnnxQlinear, ChoicesAndMeans) {
  for (const int64_t opset : {13, 18}) {
    EXPECT_EQ(
        graph_difference(chosen_mean(true, opset), chosen_mean(false, opset)),
        "");
  }
}

// The condition is an input of truth values, and what it chooses a constant of
// another scale.
TEST(OnnxQlinear, ChoicesByAnInput) {
  OnnxBuilder b;
  b.input("c", {1, 2}, 9);
  b.input("x", {1, 2}, 3);
  b.number("s", 0.5F);
  b.number("t", 0.25F);
  b.bytes("z", {}, {1});
  b.bytes("k", {1, 2}, {5, -7});
  b.node("QLinearWhere", {"c", "x", "s", "z", "k", "t", "z", "s", "z"}, "y");
  b.break_domain("com.microsoft");
  b.output("y", 3);
  const Graph g = import_onnx(b.finish(), "m");
  EXPECT_EQ(model_output(g, run_oracle(g, std::vector<uint8_t>{1, 0, 40, 41})),
            (std::vector<uint8_t>{40, static_cast<uint8_t>(-3)}));
}

// Bytes are surrounded by a byte, which means its value in their scale.
TEST(OnnxQlinear, PaddingsOfBytesAreBytes) {
  const auto bytes = [](std::optional<int> value) {
    OnnxBuilder b;
    constants(b);
    b.ints("pads", {8}, {0, 0, 1, 0, 0, 0, 0, 2});
    if (value) b.bytes("v", {}, {*value});
    b.node("Pad",
           value ? std::vector<std::string>{"q", "pads", "v"}
                 : std::vector<std::string>{"q", "pads"},
           "p");
    b.node("DequantizeLinear", {"p", "sx", "zx"}, "y");
    b.output("y");
    return import_onnx(b.finish(), "m");
  };
  const auto value_of = [](const Graph& g) {
    for (const Op& op : g.ops) {
      if (const auto* attr = std::get_if<PadAttr>(&op.attr)) return attr->value;
    }
    return INT32_MIN;
  };
  EXPECT_EQ(value_of(bytes(3)), 3);
  EXPECT_EQ(value_of(bytes(-128)), -128);
  EXPECT_EQ(value_of(bytes(std::nullopt)), 0);  // a byte, not a real value
  OnnxBuilder b;
  constants(b);
  b.ints("pads", {8}, {0, 0, 1, 0, 0, 0, 0, 2});
  b.bytes("v", {}, {3}, true);
  b.node("Pad", {"q", "pads", "v"}, "p");
  b.node("DequantizeLinear", {"p", "sx", "zx"}, "y");
  b.output("y");
  try {
    import_onnx(b.finish(), "m");
    ADD_FAILURE();
  } catch (const Error& error) {
    EXPECT_NE(std::string(error.what()).find("another type than the bytes"),
              std::string::npos)
        << error.what();
  }
}

// ONNX Runtime has QuantizeLinear in its own domain, too.
TEST(OnnxQlinear, ScalesOfTheOtherDomainAreTheSame) {
  const auto graph = [](bool other) {
    OnnxBuilder b;
    constants(b);
    if (other) b.break_domain("com.microsoft");
    b.node("DequantizeLinear", {"q", "sx", "zx"}, "qd");
    if (other) b.break_domain("com.microsoft");
    b.node("Relu", {"qd"}, "rd");
    b.node("QuantizeLinear", {"rd", "sy", "zy"}, "r");
    return finished(b);
  };
  EXPECT_EQ(graph_difference(graph(true), graph(false)), "");
}

// Bytes from 0 to 255, also those of weights with one zero point.
TEST(OnnxQlinear, BytesOfEndsCountFromZero) {
  OnnxBuilder b;
  b.number("sa", 0.5F);
  b.number("sb", 0.25F);
  b.number("sy", 0.125F);
  b.bytes("za", {}, {100}, true);
  b.bytes("zb", {}, {7}, true);
  b.bytes("zy", {}, {3}, true);
  b.bytes("w", {2, 1}, {9, 10}, true);
  b.input("x", {1, 2}, 2);
  b.node("QLinearMatMul", {"x", "sa", "za", "w", "sb", "zb", "sy", "zy"}, "y");
  b.output("y", 2);
  const Graph g = import_onnx(b.finish(), "m");
  // ((110 - 100) (9 - 7) + (98 - 100) (10 - 7)) 0.5 0.25 / 0.125 + 3
  const std::vector<uint8_t> bytes{110, 98};
  EXPECT_EQ(model_output(g, run_oracle(g, bytes)), (std::vector<uint8_t>{17}));
}

// The zero point says the type of bytes, so they cannot have another one.
TEST(OnnxQlinear, ZeroPointsOfAnotherType) {
  for (const bool weights : {true, false}) {
    OnnxBuilder b;
    constants(b);
    b.bytes("u", {}, {3}, true);
    b.bytes("uw", {2}, {128, 128}, true);
    b.node("QLinearConv",
           {"q", "sx", weights ? "zx" : "u", "w", "sw", weights ? "uw" : "zw",
            "sy", "zy", "c"},
           "r");
    expect_throws([&] { finished(b); }, Exit::kCorrupt, "a zero point of");
  }
}

TEST(OnnxQlinear, ZeroPointsOfWeightsPerChannelAreRefused) {
  OnnxBuilder b;
  constants(b);
  b.bytes("zc", {2}, {1, 2});
  b.node("QLinearConv", {"q", "sx", "zx", "w", "sw", "zc", "sy", "zy", "c"},
         "r");
  expect_throws([&] { finished(b); }, Exit::kUnsupported,
                "a zero point per channel");
}

// A choice is rounded behind it, so its constants need no scales.
TEST(OnnxQlinear, AConstantThatIsChosenIsRoundedToTheResult) {
  OnnxBuilder b;
  b.input("x", {1, 4}, 3);
  b.input("keep", {1, 4}, 9);
  b.number("s", 0.5F);
  b.bytes("z", {}, {7});
  b.node("DequantizeLinear", {"x", "s", "z"}, "r");
  b.number("else", 3.3F);
  b.node("Where", {"keep", "r", "else"}, "kept");
  b.node("QuantizeLinear", {"kept", "s", "z"}, "y");
  b.output("y", 3);
  const Graph g = import_onnx(b.finish(), "m");
  const std::vector<uint8_t> in{1, 200, 3, 4, 1, 1, 0, 1};
  EXPECT_EQ(model_output(g, run_oracle(g, in)),
            (std::vector<uint8_t>{1, 200, 7 + 7, 4}));
}

}  // namespace
}  // namespace shoal
