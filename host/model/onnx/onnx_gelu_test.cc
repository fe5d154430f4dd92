// GELU as exporters write it is one operator, whatever the order of factors and
// operands, whether they multiply or divide, and in all shapes of constants
// that leave x's rank.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <numbers>

#include "host/base/error.h"
#include "host/model/onnx/onnx.h"
#include "host/model/onnx/testing/onnx_builder.h"
#include "host/oracle/float/float_oracle.h"

namespace shoal {
namespace {

struct Written {
  float root = std::numbers::sqrt2_v<float>, one = 1, half = 0.5F;
  bool divides = true;
  int order = 0;        // of the product's factors
  bool swaps = false;   // operands of sums and products
  bool halves = false;  // divides by two instead
  Ints ones = {};       // the shape of constants
  const char* domain = "";
  bool constants = false;    // nodes instead of initializers
  const char* read = "";     // a value that another operator reads, too
  const char* output = "y";  // of the model
};

Graph imported(const Written& w) {
  OnnxBuilder b(13);
  b.input("x", {1, 3, 4});
  const auto number = [&](const std::string& name, float value) {
    w.constants ? b.node("Constant", {}, name.c_str(), {{"value_float", value}})
                : b.floats(name, w.ones, {value});
  };
  const auto node = [&](const char* type, const char* first, const char* second,
                        const char* result) {
    const bool swaps = w.swaps && std::string(type) != "Div";
    b.node(type, {swaps ? second : first, swaps ? first : second}, result);
    b.break_domain(w.domain);
  };
  const auto halve = [&](const char* value, const char* result) {
    node(w.halves ? "Div" : "Mul", value, "half", result);
  };
  number("root", w.divides ? w.root : 1 / w.root);
  number("one", w.one);
  number("half", w.halves ? 1 / w.half : w.half);
  node(w.divides ? "Div" : "Mul", "x", "root", "a");
  b.node("Erf", {"a"}, "e");
  b.break_domain(w.domain);
  node("Add", "e", "one", "s");
  switch (w.order) {
    case 0:  // torch
      node("Mul", "x", "s", "p");
      halve("p", "y");
      break;
    case 1:
      halve("x", "p");
      node("Mul", "p", "s", "y");
      break;
    default:
      halve("s", "p");
      node("Mul", "p", "x", "y");
  }
  if (*w.read != '\0') {
    b.node("Relu", {w.read}, "r");
    b.output("r");
  }
  b.output(w.output);
  return import_onnx(b.finish(), "m");
}

int64_t gelus(const Graph& g) {
  return std::ranges::count(g.ops, OpKind::kGelu, &Op::kind);
}

TEST(OnnxGelu, IsOneOperator) {
  for (int order = 0; order < 3; ++order) {
    for (const bool divides : {true, false}) {
      for (const bool constants : {true, false}) {
        SCOPED_TRACE(order * 4 + divides * 2 + constants);
        const Graph g = imported(
            {.divides = divides, .order = order, .constants = constants});
        ASSERT_EQ(g.ops.size(), 1U);
        EXPECT_EQ(gelus(g), 1);
        FloatOracle oracle(g);
        std::vector<float> x;
        for (int i = 0; i < 12; ++i) x.push_back(0.7F * float(i) - 4);
        oracle.run(x);
        const std::vector<float> y = oracle.output();
        ASSERT_EQ(y.size(), x.size());
        for (size_t i = 0; i < x.size(); ++i) {
          const double v = x[i];
          EXPECT_NEAR(y[i], v / 2 * (1 + std::erf(v / std::sqrt(2.0))), 1e-6);
        }
      }
    }
  }
}

TEST(OnnxGelu, OperandsMayChangePlacesAndHalvesBeQuotients) {
  for (int order = 0; order < 3; ++order) {
    for (const bool swaps : {true, false}) {
      for (const bool halves : {true, false}) {
        SCOPED_TRACE(order * 4 + swaps * 2 + halves);
        EXPECT_EQ(
            gelus(imported({.order = order, .swaps = swaps, .halves = halves})),
            1);
      }
    }
  }
}

TEST(OnnxGelu, TheDomainMayBeWrittenOut) {
  EXPECT_EQ(gelus(imported({.domain = "ai.onnx"})), 1);
}

// x has three axes; constants of four add one to it.
TEST(OnnxGelu, ConstantsAddNoAxes) {
  for (int order = 0; order < 3; ++order) {
    EXPECT_EQ(gelus(imported({.order = order, .ones = {1}})), 1);
    EXPECT_EQ(gelus(imported({.order = order, .ones = {1, 1, 1}})), 1);
    EXPECT_EQ(gelus(imported({.order = order, .ones = {1, 1, 1, 1}})), 0);
  }
}

// A part in 100,000 is the most that a constant may be off.
TEST(OnnxGelu, ConstantsWithinTheTolerance) {
  const Written exact;
  for (const float sign : {-1.F, 1.F}) {
    for (const float part : {0.8e-5F, 1.2e-5F}) {
      SCOPED_TRACE(sign * part);
      const float times = 1 + sign * part;
      const int expected = part < 1e-5F ? 1 : 0;
      EXPECT_EQ(gelus(imported({.root = exact.root * times})), expected);
      EXPECT_EQ(gelus(imported({.one = exact.one * times})), expected);
      for (int order = 0; order < 3; ++order) {
        EXPECT_EQ(gelus(imported({.half = exact.half * times, .order = order})),
                  expected);
      }
    }
  }
}

TEST(OnnxGelu, OtherFunctionsStay) {
  EXPECT_EQ(gelus(imported({.root = 1.5F})), 0);
  EXPECT_EQ(gelus(imported({.one = 1.25F})), 0);
  for (int order = 0; order < 3; ++order) {
    EXPECT_EQ(gelus(imported({.half = 0.25F, .order = order})), 0);
  }
}

TEST(OnnxGelu, WhatIsReadBetweenStays) {
  for (int order = 0; order < 3; ++order) {
    for (const char* value : {"a", "e", "s", "p"}) {
      SCOPED_TRACE(value);
      EXPECT_EQ(gelus(imported({.order = order, .read = value})), 0);
      EXPECT_EQ(gelus(imported({.order = order, .output = value})), 0);
    }
    EXPECT_EQ(gelus(imported({.order = order, .read = "x"})), 1);
  }
}

TEST(OnnxGelu, AValueThatIsMadeTwiceIsRefused) {
  OnnxBuilder b(13);
  b.input("x", {1, 3, 4});
  b.number("root", std::numbers::sqrt2_v<float>);
  b.number("one", 1);
  b.number("half", 0.5F);
  b.node("Div", {"x", "root"}, "a");
  b.node("Relu", {"x"}, "a");
  b.node("Erf", {"a"}, "e");
  b.node("Add", {"e", "one"}, "s");
  b.node("Mul", {"x", "s"}, "p");
  b.node("Mul", {"p", "half"}, "y");
  b.output("y");
  EXPECT_THROW(import_onnx(b.finish(), "m"), Error);
}

}  // namespace
}  // namespace shoal
