// Results of QDQ models that nothing rounds, and bytes between QuantizeLinear
// and DequantizeLinear.
#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <string>
#include <vector>

#include "host/model/onnx/onnx.h"
#include "host/model/onnx/testing/import_error.h"
#include "host/model/onnx/testing/onnx_builder.h"
#include "host/oracle/int8/oracle.h"

namespace shoal {
namespace {

// The first output for a frame.
template <class T>
std::vector<T> first_output(const Graph& graph,
                            const std::vector<uint8_t>& input) {
  const Values values = run_oracle(graph, input);
  const auto& bytes = values[static_cast<size_t>(graph.outputs[0])];
  std::vector<T> out(bytes.size() / sizeof(T));
  std::memcpy(out.data(), bytes.data(), bytes.size());
  return out;
}

void expect_refused(const Error& error, const std::string& words) {
  EXPECT_EQ(error.code(), Exit::kUnsupported);
  EXPECT_NE(std::string(error.what()).find(words), std::string::npos)
      << error.what();
}

// Returns how an operator of two parts of these scales, each dequantized, ends.
Error joined(const std::string& type, float a, float b,
             const ImportOptions& options = {}) {
  OnnxBuilder model;
  model.input("x", {1, 8});
  model.input("z", {1, 8});
  const std::string boxes = model.rounded("x", a, 0);
  const std::string scores = model.rounded("z", b, 0);
  if (type == "Concat") {
    model.node(type, {boxes, scores}, "y", {{"axis", int64_t{1}}});
  } else {
    model.node(type, {boxes, scores}, "y");
  }
  model.output("y");
  return import_error(model.finish(), options);
}

TEST(OnnxQdqEnds, PartsOfUnlikeScalesAreNotJoined) {
  for (const std::string type : {"Concat", "Max", "Min"}) {
    SCOPED_TRACE(type);
    EXPECT_EQ(joined(type, 0.5F, 0.5F).code(), Exit::kOk);
    const Error error = joined(type, 2.5F, 1 / 256.F);
    expect_refused(error,
                   "unlike scales, of which one would lose the other's "
                   "values; end the model at the parts: --outputs x.real "
                   "--outputs z.real");
    ImportOptions parts;
    parts.outputs = {"x.real", "z.real"};
    EXPECT_EQ(joined(type, 2.5F, 1 / 256.F, parts).code(), Exit::kOk);
  }
}

TEST(OnnxQdqEnds, ConstantsBeyondTheRangeAreNotClamped) {
  const auto with = [](const std::string& type, float value) {
    OnnxBuilder b;
    b.input("x", {1, 2, 4, 4});
    const std::string x = b.rounded("x", 0.5F, 0);
    b.floats("c", {1, 2, 4, 4}, Floats(32, value));
    b.number("v", value);
    b.ints("pads", {8}, {0, 0, 1, 1, 0, 0, 1, 1});
    if (type == "Concat") {
      b.node(type, {x, "c"}, "y", {{"axis", int64_t{1}}});
    } else if (type == "Pad") {
      b.node(type, {x, "pads", "v"}, "y");
    } else {
      b.node(type, {x, "c"}, "y");
    }
    b.output("y");
    return import_error(b.finish());
  };
  for (const std::string type : {"Concat", "Pad", "Max"}) {
    SCOPED_TRACE(type);
    EXPECT_EQ(with(type, 3.2F).code(), Exit::kOk);
    const Error error = with(type, 100);
    expect_refused(error, "joined with 100, which is beyond");
  }
}

// A limit beyond all bytes changes none.
TEST(OnnxQdqEnds, IdleLimitsAreTaken) {
  for (const std::string type : {"Min", "Max"}) {
    SCOPED_TRACE(type);
    OnnxBuilder b;
    b.input("x", {1, 3});
    b.floats("c", {1, 3}, Floats(3, type == "Min" ? 100 : -100));
    b.node(type, {b.rounded("x", 0.5F, 0), "c"}, "y");
    b.output("y");
    const Graph graph = import_onnx(b.finish(), "m");
    EXPECT_EQ(first_output<float>(graph, {2, 0, 127}),
              (std::vector<float>{1, 0, 63.5}));
  }
}

TEST(OnnxQdqEnds, PaddingsHaveTheScaleOfTheirResult) {
  OnnxBuilder b;
  b.input("x", {1, 1, 2, 2});
  b.number("v", 40);
  b.ints("pads", {8}, {0, 0, 0, 0, 0, 0, 1, 0});
  b.node("Pad", {b.rounded("x", 0.125F, 0), "pads", "v"}, "y");
  b.output(b.rounded("y", 0.5F, 0));
  const Graph graph = import_onnx(b.finish(), "m");
  // 127 * 0.125 is nearest to 32 * 0.5; the padding is beyond the input's 15.9.
  EXPECT_EQ(first_output<float>(graph, {8, 16, 127, 80}),
            (std::vector<float>{1, 2, 16, 10, 40, 40}));
}

TEST(OnnxQdqEnds, BytesAreNotReadInAnotherScale) {
  const auto through = [](const std::string& type, float behind) {
    OnnxBuilder b(17);
    b.input("x", {1, 2, 4, 4});
    b.number("s", 0.5F);
    b.number("r", behind);
    b.bytes("z", {}, {0});
    b.node("QuantizeLinear", {"x", "s", "z"}, "q");
    if (type == "MaxPool") {
      b.node(type, {"q"}, "m", {{"kernel_shape", Ints{2, 2}}});
    } else if (type == "Concat") {
      b.node(type, {"q", "q"}, "m", {{"axis", int64_t{1}}});
    } else {
      b.node(type, {"q"}, "m", {{"axes", Ints{1}}});
    }
    b.node("DequantizeLinear", {"m", "r", "z"}, "y");
    b.output("y");
    return import_error(b.finish());
  };
  for (const std::string type : {"MaxPool", "Concat", "ReduceMax"}) {
    SCOPED_TRACE(type);
    EXPECT_EQ(through(type, 0.5F).code(), Exit::kOk);
    const Error error = through(type, 0.25F);
    expect_refused(error, "other scales than those that made the bytes");
  }
}

TEST(OnnxQdqEnds, PlacesOfMaximaLeaveAsIntegers) {
  for (const int64_t keeps : {0, 1}) {
    OnnxBuilder b;
    b.input("x", {1, 3, 2, 2});
    b.node("ArgMax", {b.rounded("x", 0.5F, 3)}, "y",
           {{"axis", int64_t{1}}, {"keepdims", keeps}});
    b.output("y", 7);
    const Graph graph = import_onnx(b.finish(), "m");
    // Rows of channels, as the graph has them.
    EXPECT_EQ(
        first_output<int64_t>(graph, {9, 1, 1, 1, 9, 1, 1, 1, 9, 4, 4, 1}),
        (std::vector<int64_t>{0, 1, 2, 0}));
  }
}

// QAT exports clip quantized weights to a narrower range.
TEST(OnnxQdqEnds, ClippedBytesAreConstants) {
  const auto clipped = [](bool same_type, int64_t limits) {
    OnnxBuilder b;
    b.input("x", {1, 2});
    b.bytes("w", {2, 2}, {100, -100, 3, -3});
    b.bytes("low", {}, {same_type ? -7 : 0}, !same_type);
    b.bytes("high", {limits}, Ints(static_cast<size_t>(limits), 7));
    b.number("s", 0.5F);
    b.bytes("z", {}, {0});
    b.node("Clip", {"w", "low", "high"}, "n");
    b.node("DequantizeLinear", {"n", "s", "z"}, "v");
    b.node("MatMul", {b.rounded("x", 0.25F, 0), "v"}, "y");
    b.output(b.rounded("y", 0.125F, 0));
    return b.finish();
  };
  const Graph graph = import_onnx(clipped(true, 1), "m");
  // 0.25 * (7 + 2 * 3) * 0.5 and its negative, in eighths.
  EXPECT_EQ(first_output<float>(graph, {1, 2}),
            (std::vector<float>{1.625, -1.625}));
  for (const auto& file : {clipped(false, 1), clipped(true, 2)}) {
    const Error error = import_error(file);
    EXPECT_NE(std::string(error.what()).find("a limit of type"),
              std::string::npos)
        << error.what();
  }
}

// Functions of a known range need nobody to say their scale.
TEST(OnnxQdqEnds, FunctionsOfAKnownRangeEndAModel) {
  for (const std::string type : {"Sigmoid", "Tanh", "Softmax"}) {
    SCOPED_TRACE(type);
    OnnxBuilder b;
    b.input("x", {1, 4});
    b.node(type, {b.rounded("x", 0.125F, 0)}, "y");
    b.ints("shape", {2}, {2, 2});
    b.node("Reshape", {"y", "shape"}, "z");
    b.output("z");
    const Graph graph = import_onnx(b.finish(), "m");
    const std::vector<float> y =
        first_output<float>(graph, {static_cast<uint8_t>(-8), 0, 8, 16});
    const double values[] = {-1, 0, 1, 2};
    double sum = 0;
    for (const double v : values) sum += std::exp(v);
    for (int i = 0; i < 4; ++i) {
      const double v = values[i];
      const double meant = type == "Tanh"      ? std::tanh(v)
                           : type == "Sigmoid" ? 1 / (1 + std::exp(-v))
                                               : std::exp(v) / sum;
      EXPECT_NEAR(y[static_cast<size_t>(i)], meant,
                  type == "Tanh" ? 0.51 / 128 : 1.01 / 256)
          << i;
    }
  }
  // A float computation behind it needs its exact values.
  OnnxBuilder b;
  b.input("x", {1, 4});
  b.node("Sigmoid", {b.rounded("x", 0.125F, 0)}, "y");
  b.node("Exp", {"y"}, "z");
  b.output("z");
  EXPECT_NE(std::string(import_error(b.finish()).what())
                .find("no QuantizeLinear behind it rounds its result"),
            std::string::npos);
}

// Weights and inputs of few bits: a bias in units of 0.1 * 0.5 would be lost
// beside steps of 0.004.
TEST(OnnxQdqEnds, ABiasIsAsFineAsTheResult) {
  OnnxBuilder b;
  b.input("x", {1, 2});
  const std::string x = b.rounded("x", 0.5F, 0);
  const std::string w = b.weights("w", {2, 2}, {7, -7, 1, 3}, {0.1F, 0.1F});
  b.floats("c", {2}, {0.011F, -0.02F});
  b.node("Gemm", {x, w, "c"}, "y", {{"transB", int64_t{1}}});
  b.output(b.rounded("y", 0.004F, 0));
  const Graph graph = import_onnx(b.finish(), "m");
  const std::vector<float> biases = first_output<float>(graph, {0, 0});
  EXPECT_NEAR(biases[0], 0.012, 1e-6);
  EXPECT_NEAR(biases[1], -0.02, 1e-6);
  const std::vector<float> sums = first_output<float>(graph, {1, 1});
  EXPECT_NEAR(sums[1], 0.5 * (0.1 + 0.3) - 0.02, 1e-6);
}

// One part of it is computed with, so it needs its exact values.
TEST(OnnxQdqEnds, AFunctionThatEndsAModelOnlyInPartIsRefused) {
  OnnxBuilder b;
  b.input("x", {1, 4});
  b.node("Softmax", {b.rounded("x", 0.125F, 0)}, "s");
  b.node("Split", {"s"}, {"y", "z"}, {{"axis", int64_t{1}}});
  b.output("y");
  b.number("two", 2);
  b.node("Mul", {"z", "two"}, "m");
  b.output(b.rounded("m", 0.05F, 0));
  const Error error = import_error(b.finish());
  expect_refused(error, "SOFTMAX");
}

// Each of these reads the one before twice: walks must not double with each.
TEST(OnnxQdqEnds, LongChainsOfOneTensorAreWalkedOnce) {
  constexpr int kLength = 60;
  for (const bool bytes : {false, true}) {
    OnnxBuilder b;
    b.input("x", {1, 4});
    b.number("s", 0.125F);
    b.bytes("zero", {}, {0});
    b.node("QuantizeLinear", {"x", "s", "zero"}, "q");
    if (!bytes) {
      b.node("DequantizeLinear", {"q", "s", "zero"}, "d");
      b.node("Sigmoid", {"d"}, "m0");
    } else {
      b.node("Identity", {"q"}, "m0");
    }
    for (int i = 0; i < kLength; ++i) {
      const std::string before = "m" + std::to_string(i);
      b.node("Max", {before, before}, ("m" + std::to_string(i + 1)).c_str());
    }
    const std::string last = "m" + std::to_string(kLength);
    if (bytes) b.node("DequantizeLinear", {last, "s", "zero"}, "y");
    b.output(bytes ? "y" : last);
    static_cast<void>(import_error(b.finish()));
  }
}

}  // namespace
}  // namespace shoal
