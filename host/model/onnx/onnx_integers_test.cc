// Products of bytes whose integers a Cast and a Mul make real are QDQ products.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <functional>

#include "host/base/error.h"
#include "host/model/onnx/onnx.h"
#include "host/model/onnx/testing/import_error.h"
#include "host/model/onnx/testing/onnx_builder.h"
#include "host/oracle/int8/oracle.h"

namespace shoal {
namespace {

std::vector<uint8_t> bytes_from(int first, int step, size_t count) {
  std::vector<uint8_t> out;
  for (size_t i = 0; i < count; ++i) {
    out.push_back(static_cast<uint8_t>(first + static_cast<int>(i) * step));
  }
  return out;
}

int byte_of(double value, int zero) {
  const double q = std::nearbyint(value) + zero;
  return static_cast<int>(q < 0 ? 0 : q > 255 ? 255 : q);
}

struct Product {
  bool zeros = false;     // of the weights
  bool channels = false;  // a scale for each
  bool bias = false;
};

// Five inputs, three outputs.
TEST(OnnxIntegers, AMatrixOfBytesIsAQuantizedLayer) {
  for (const Product& p :
       {Product{}, Product{true}, Product{false, true},
        Product{true, false, true}, Product{false, true, true}}) {
    OnnxBuilder b;
    b.input("x", {1, 5}, 2);
    const Ints weights = some_bytes(15, 3);
    b.bytes("w", {5, 3}, weights);
    b.bytes("zx", {}, {120}, true);
    b.bytes("zw", {}, {p.zeros ? 5 : 0});
    b.node("MatMulInteger", {"x", "w", "zx", "zw"}, "n");
    std::string sums = "n";
    const Ints bias{100, -3000, 7};
    if (p.bias) {
      b.int32s("c", {1, 3}, bias);
      b.node("Add", {"c", "n"}, "m");
      sums = "m";
    }
    b.node("Cast", {sums}, "f", {{"to", int64_t{1}}});
    const Floats factors =
        p.channels ? Floats{0.01F, 0.003F, 0.02F} : Floats{0.01F};
    b.floats("s", {1, static_cast<int64_t>(factors.size())}, factors);
    b.node("Mul", {"f", "s"}, "r");
    b.number("sy", 0.5F);
    b.bytes("zy", {}, {90}, true);
    b.node("QuantizeLinear", {"r", "sy", "zy"}, "y");
    b.output("y", 2);
    const Graph g = import_onnx(b.finish(), "m");
    ASSERT_EQ(g.ops.size(), 1U);
    EXPECT_EQ(g.ops[0].kind, OpKind::kFullyConnected);
    const std::vector<uint8_t> x = bytes_from(17, 51, 5);
    const std::vector<uint8_t> made = model_output(g, run_oracle(g, x));
    ASSERT_EQ(made.size(), 3U);
    for (size_t c = 0; c < 3; ++c) {
      int64_t sum = p.bias ? bias[c] : 0;
      for (size_t i = 0; i < 5; ++i) {
        sum += (x[i] - 120) * (weights[3 * i + c] - (p.zeros ? 5 : 0));
      }
      const double real =
          static_cast<double>(sum) * factors[p.channels ? c : 0] / 0.5;
      EXPECT_NEAR(made[c], byte_of(real, 90), 1) << "channel " << c;
    }
  }
}

// The graph of a convolution of bytes between two QuantizeLinear.
Graph convolution(bool integers) {
  OnnxBuilder b;
  b.input("x", {1, 2, 6, 6});
  b.number("sx", 0.5F);
  b.bytes("zx", {}, {3});
  b.bytes("w", {2, 2, 3, 3}, some_bytes(36));
  b.number("sy", 4.F);
  b.bytes("zy", {}, {-5});
  b.node("QuantizeLinear", {"x", "sx", "zx"}, "q");
  if (integers) {
    b.int32s("c", {1, 2, 1, 1}, {100, -70});
    b.number("sw", 0.25F);
    b.node("ConvInteger", {"q", "w", "zx"}, "n", {{"pads", Ints{1, 1, 1, 1}}});
    b.node("Add", {"n", "c"}, "m");
    b.node("Cast", {"m"}, "f", {{"to", int64_t{1}}});
    b.node("Mul", {"sx", "sw"}, "s");
    b.node("Mul", {"f", "s"}, "v");
  } else {
    b.int32s("c", {2}, {100, -70});
    b.number("sc", 0.125F);
    b.number("sw", 0.25F);
    b.node("DequantizeLinear", {"q", "sx", "zx"}, "qd");
    b.node("DequantizeLinear", {"w", "sw"}, "wd");
    b.node("DequantizeLinear", {"c", "sc"}, "cd");
    b.node("Conv", {"qd", "wd", "cd"}, "v", {{"pads", Ints{1, 1, 1, 1}}});
  }
  b.node("Relu", {"v"}, "u");
  b.node("QuantizeLinear", {"u", "sy", "zy"}, "y");
  b.output("y", 3);
  return import_onnx(b.finish(), "m");
}

TEST(OnnxIntegers, AConvolutionOfBytesIsOneOfQdq) {
  const Graph a = convolution(true), b = convolution(false);
  ASSERT_EQ(a.ops.size(), b.ops.size());
  const std::vector<uint8_t> x = bytes_from(1, 7, 72);
  EXPECT_EQ(run_oracle(a, x), run_oracle(b, x));
}

// As ONNX Runtime fuses a dynamically quantized layer.
TEST(OnnxIntegers, DynamicLayersStayReal) {
  OnnxBuilder b;
  b.input("x", {1, 2});
  b.bytes("w", {2, 3}, {1, 2, 3, 4, 5, 6});
  b.floats("sw", {3}, {0.5F, 1, 2});
  b.floats("c", {3}, {1, 2, 3});
  b.node("DynamicQuantizeMatMul", {"x", "w", "sw", "", "c"}, "y");
  b.break_domain("com.microsoft");
  b.output("y");
  std::vector<std::string> told;
  const Graph g = import_onnx(
      b.finish(), "m",
      {.tell = [&](const std::string& line) { told.push_back(line); }});
  ASSERT_EQ(g.ops.size(), 1U);
  EXPECT_TRUE(is_float(g));
  EXPECT_EQ(told, std::vector<std::string>{
                      "dynamically quantized: read as a float model with the "
                      "values of its int8 weights"});
}

// Integers that are moved, clamped and joined by another product's until a Cast
// makes them real.
TEST(OnnxIntegers, WhatIsDoneWithIntegersIsDoneWithReals) {
  const Ints weights = some_bytes(15, 3);
  for (const float by : {1.F, 0.01F}) {
    const bool scaled = by != 1;
    OnnxBuilder b;
    b.input("x", {1, 5}, 2);
    b.bytes("w", {5, 3}, weights);
    b.bytes("zx", {}, {120}, true);
    b.node("MatMulInteger", {"x", "w", "zx"}, "n");
    b.int32s("c", {1}, {-400});
    b.node("Max", {"n", "c"}, "m");
    b.ints("shape", {2}, {3, 1});
    b.node("Reshape", {"m", "shape"}, "t");
    b.node("Cast", {"t"}, "f", {{"to", int64_t{1}}});
    b.number("s", by);
    if (scaled) b.node("Mul", {"f", "s"}, "r");
    b.number("sy", scaled ? 0.5F : 50.F);
    b.bytes("zy", {}, {90}, true);
    b.node("QuantizeLinear", {scaled ? "r" : "f", "sy", "zy"}, "y");
    b.output("y", 2);
    const Graph g = import_onnx(b.finish(), "m");
    const std::vector<uint8_t> x = bytes_from(17, 51, 5);
    const std::vector<uint8_t> made = model_output(g, run_oracle(g, x));
    ASSERT_EQ(made.size(), 3U);
    for (size_t c = 0; c < 3; ++c) {
      int64_t sum = 0;
      for (size_t i = 0; i < 5; ++i) sum += (x[i] - 120) * weights[3 * i + c];
      const double real =
          by * static_cast<double>(std::max<int64_t>(sum, -400));
      EXPECT_NEAR(made[c], byte_of(real / (scaled ? 0.5 : 50), 90), 1)
          << "channel " << c << " by " << by;
    }
  }
}

// Each layer clamps and shifts its integers, and has a factor of its own.
TEST(OnnxIntegers, LayersHaveFactorsOfTheirOwn) {
  OnnxBuilder b;
  b.input("x", {1, 5}, 2);
  b.bytes("zx", {}, {120}, true);
  b.int32s("low", {1}, {0});
  b.int32s("less", {1, 3}, {100, -3000, 7});
  const Ints first = some_bytes(15, 3), second = some_bytes(9, 5);
  b.bytes("w0", {5, 3}, first);
  b.bytes("w1", {3, 3}, second);
  const float factors[] = {0.01F, 0.002F};
  std::string bytes = "x";
  for (const int i : {0, 1}) {
    const auto name = [&](const char* what) {
      return what + std::to_string(i);
    };
    b.node("MatMulInteger", {bytes, name("w"), "zx"}, name("n").c_str());
    b.node("Sub", {name("n"), "less"}, name("d").c_str());
    b.node("Max", {name("d"), "low"}, name("m").c_str());
    b.node("Cast", {name("m")}, name("f").c_str(), {{"to", int64_t{1}}});
    b.number(name("s"), factors[i]);
    b.node("Mul", {name("f"), name("s")}, name("r").c_str());
    b.number(name("t"), 0.5F);
    b.node("QuantizeLinear", {name("r"), name("t"), "zx"}, name("y").c_str());
    bytes = name("y");
  }
  b.output("y1", 2);
  const Graph g = import_onnx(b.finish(), "m");
  const std::vector<uint8_t> x = bytes_from(17, 51, 5);
  const std::vector<uint8_t> made = model_output(g, run_oracle(g, x));
  const int64_t less[] = {100, -3000, 7};
  std::vector<int> values(x.begin(), x.end());
  for (const Ints& weights : {first, second}) {
    const float by = factors[weights.size() == second.size() ? 1 : 0];
    std::vector<int> next;
    for (size_t c = 0; c < 3; ++c) {
      int64_t sum = -less[c];
      for (size_t i = 0; i < values.size(); ++i) {
        sum += (values[i] - 120) * weights[3 * i + c];
      }
      const auto kept = static_cast<double>(std::max<int64_t>(sum, 0));
      next.push_back(byte_of(by * kept / 0.5, 120));
    }
    values = next;
  }
  ASSERT_EQ(made.size(), 3U);
  for (size_t c = 0; c < 3; ++c) EXPECT_NEAR(made[c], values[c], 2) << c;
}

// An operator of a file on integers, and its result; c is by channel, m is of
// another product of the same bytes.
struct Step {
  const char* name;
  std::function<std::string(OnnxBuilder&)> add;  // to "n", returns the result
  std::function<int64_t(int64_t n, int64_t c, int64_t m)> of;
  float factor = 0.01F;
};

std::string made(OnnxBuilder& b, const char* type,
                 const std::vector<std::string>& inputs) {
  const std::string name = std::string(type) + " of " + inputs[0];
  b.node(type, inputs, name.c_str());
  return name;
}

const std::vector<Step>& steps() {
  static const std::vector<Step> kSteps = {
      {"negated", [](OnnxBuilder& b) { return made(b, "Neg", {"n"}); },
       [](int64_t n, int64_t, int64_t) { return -n; }},
      {"subtracted",
       [](OnnxBuilder& b) {
         return made(b, "Sub", {"c", "n"});
       },
       [](int64_t n, int64_t c, int64_t) { return c - n; }},
      {"at least",
       [](OnnxBuilder& b) {
         return made(b, "Max", {"n", "c"});
       },
       [](int64_t n, int64_t c, int64_t) { return std::max(n, c); }},
      {"at most, times a number below zero",
       [](OnnxBuilder& b) {
         return made(b, "Min", {"c", "n"});
       },
       [](int64_t n, int64_t c, int64_t) { return std::min(n, c); }, -0.01F},
      {"shifted, clamped, negated, shifted",
       [](OnnxBuilder& b) {
         const std::string low =
             made(b, "Clip", {made(b, "Add", {"n", "c"}), "low", "high"});
         return made(b, "Sub", {"c", made(b, "Neg", {low})});
       },
       [](int64_t n, int64_t c, int64_t) {
         return c + std::clamp<int64_t>(n + c, -700, 900);
       }},
      {"rectified below zero",
       [](OnnxBuilder& b) {
         return made(b, "Neg", {made(b, "Relu", {made(b, "Neg", {"n"})})});
       },
       [](int64_t n, int64_t, int64_t) { return std::min<int64_t>(n, 0); }},
      {"a clamped product and another",
       [](OnnxBuilder& b) {
         return made(b, "Add", {made(b, "Max", {"n", "c"}), "m"});
       },
       [](int64_t n, int64_t c, int64_t m) { return std::max(n, c) + m; }},
      {"less a rectified product",
       [](OnnxBuilder& b) {
         return made(b, "Sub", {"m", made(b, "Relu", {"n"})});
       },
       [](int64_t n, int64_t, int64_t m) {
         return m - std::max<int64_t>(n, 0);
       },
       -0.01F},
      {"two clamped products",
       [](OnnxBuilder& b) {
         const std::string low =
             made(b, "Clip", {made(b, "Sub", {"c", "m"}), "low", "high"});
         return made(b, "Sub", {made(b, "Relu", {"n"}), low});
       },
       [](int64_t n, int64_t c, int64_t m) {
         return std::max<int64_t>(n, 0) - std::clamp<int64_t>(c - m, -700, 900);
       }},
      {"a product twice, once clamped",
       [](OnnxBuilder& b) {
         return made(b, "Add", {"n", made(b, "Max", {"c", "n"})});
       },
       [](int64_t n, int64_t c, int64_t) { return n + std::max(n, c); }},
  };
  return kSteps;
}

TEST(OnnxIntegers, AffineMapsAndClampsAreThoseOfReals) {
  const Ints weights = some_bytes(15, 3), shifts{100, -300, 7};
  for (const Step& step : steps()) {
    SCOPED_TRACE(step.name);
    OnnxBuilder b(14);
    b.input("x", {1, 5}, 2);
    b.bytes("w", {5, 3}, weights);
    b.bytes("zx", {}, {120}, true);
    b.int32s("c", {1, 3}, shifts);
    b.int32s("low", {}, {-700});
    b.int32s("high", {}, {900});
    const Ints others = some_bytes(15, 11);
    b.bytes("u", {5, 3}, others);
    b.node("MatMulInteger", {"x", "w", "zx"}, "n");
    b.node("MatMulInteger", {"x", "u", "zx"}, "m");
    b.node("Cast", {step.add(b)}, "f", {{"to", int64_t{1}}});
    b.number("s", step.factor);
    b.node("Mul", {"f", "s"}, "r");
    b.number("sy", 0.5F);
    b.bytes("zy", {}, {90}, true);
    b.node("QuantizeLinear", {"r", "sy", "zy"}, "y");
    b.output("y", 2);
    const Graph g = import_onnx(b.finish(), "m");
    const std::vector<uint8_t> x = bytes_from(17, 51, 5);
    const std::vector<uint8_t> y = model_output(g, run_oracle(g, x));
    ASSERT_EQ(y.size(), 3U);
    for (size_t c = 0; c < 3; ++c) {
      int64_t sum = 0, other = 0;
      for (size_t i = 0; i < 5; ++i) {
        sum += (x[i] - 120) * weights[3 * i + c];
        other += (x[i] - 120) * others[3 * i + c];
      }
      const auto value = static_cast<double>(step.of(sum, shifts[c], other));
      EXPECT_NEAR(y[c], byte_of(value * step.factor / 0.5, 90), 1)
          << "channel " << c;
    }
  }
}

// Two products become one, also if their bytes have other zero points and
// scales, and if weights of -128 are negated.
TEST(OnnxIntegers, SumsOfProductsAreOneProduct) {
  for (const bool subtracts : {false, true}) {
    OnnxBuilder b;
    b.input("x", {1, 3});
    b.input("v", {1, 2});
    b.number("sx", 0.5F);
    b.number("sv", 0.125F);
    b.bytes("zx", {}, {10});
    b.bytes("zv", {}, {-7});
    const Ints first{1, -2, 3, 4, -5, 6}, second{-128, 20, 127, -9};
    b.bytes("w", {3, 2}, first);
    b.bytes("u", {2, 2}, second);
    b.node("QuantizeLinear", {"x", "sx", "zx"}, "xq");
    b.node("QuantizeLinear", {"v", "sv", "zv"}, "vq");
    b.node("MatMulInteger", {"xq", "w", "zx"}, "n");
    b.node("MatMulInteger", {"vq", "u", "zv"}, "m");
    b.node(subtracts ? "Sub" : "Add", {"n", "m"}, "t");
    b.node("Cast", {"t"}, "f", {{"to", int64_t{1}}});
    b.number("s", 0.01F);
    b.node("Mul", {"f", "s"}, "r");
    b.number("sy", 0.25F);
    b.bytes("zy", {}, {0});
    b.node("QuantizeLinear", {"r", "sy", "zy"}, "y");
    b.output("y", 3);
    const Graph g = import_onnx(b.finish(), "m");
    const auto products =
        std::ranges::count(g.ops, OpKind::kFullyConnected, &Op::kind);
    EXPECT_EQ(products, 1);
    const std::vector<uint8_t> in{30, 251, 7, 99, 130};
    const std::vector<uint8_t> y = model_output(g, run_oracle(g, in));
    ASSERT_EQ(y.size(), 2U);
    for (size_t c = 0; c < 2; ++c) {
      int sum = 0;
      for (size_t i = 0; i < 5; ++i) {
        const int byte = static_cast<int8_t>(in[i]);
        const int64_t w = i < 3       ? first[2 * i + c]
                          : subtracts ? -second[2 * (i - 3) + c]
                                      : second[2 * (i - 3) + c];
        sum += (byte - (i < 3 ? 10 : -7)) * static_cast<int>(w);
      }
      const double real = std::nearbyint(sum * 0.01 / 0.25);
      EXPECT_NEAR(static_cast<int8_t>(y[c]), std::clamp(real, -128., 127.), 1)
          << "channel " << c << (subtracts ? " of a difference" : "");
    }
  }
}

std::vector<int32_t> numbers_of(const std::vector<uint8_t>& bytes) {
  std::vector<int32_t> out(bytes.size() / sizeof(int32_t));
  std::memcpy(out.data(), bytes.data(), bytes.size());
  return out;
}

// All bits of the sums, of few products and of many.
TEST(OnnxIntegers, SumsAreOutputs) {
  for (const int64_t length : {5, 3000, 50000}) {
    OnnxBuilder b;
    b.input("x", {1, length}, 2);
    b.bytes("zx", {}, {120}, true);
    const Ints weights = some_bytes(2 * length, 3);
    b.bytes("w", {length, 2}, weights);
    b.int32s("c", {2}, {100, -70000});
    b.node("MatMulInteger", {"x", "w", "zx"}, "n");
    b.node("Sub", {"c", "n"}, "y");
    b.output("y", 6);
    const Graph g = import_onnx(b.finish(), "m");
    const auto size = static_cast<size_t>(length);
    std::vector<uint8_t> random = bytes_from(5, 77, size), extreme(size);
    for (size_t i = 0; i < size; ++i) {
      extreme[i] = weights[2 * i] < 0 ? 255 : 0;
    }
    for (const std::vector<uint8_t>& x : {random, extreme}) {
      const std::vector<int32_t> y =
          numbers_of(model_output(g, run_oracle(g, x)));
      ASSERT_EQ(y.size(), 2U);
      for (size_t c = 0; c < 2; ++c) {
        int64_t sum = c == 0 ? 100 : -70000;
        for (size_t i = 0; i < size; ++i) {
          sum -= (x[i] - 120) * weights[2 * i + c];
        }
        EXPECT_EQ(y[c], sum) << length << " bytes, channel " << c;
      }
    }
  }
}

// Results are rows x columns x channels as those of all convolutions are.
TEST(OnnxIntegers, SumsOfConvolutionsAreOutputs) {
  for (const bool depthwise : {false, true}) {
    OnnxBuilder b;
    b.input("x", {1, 2, 3, 3}, 3);
    const Ints weights = some_bytes(depthwise ? 4 : 8, 4);
    b.bytes("w", {4, depthwise ? 1 : 2, 1, 1}, weights);
    b.bytes("zx", {}, {-3});
    b.node("ConvInteger", {"x", "w", "zx"}, "y",
           {{"group", int64_t{depthwise ? 2 : 1}}});
    b.output("y", 6);
    const Graph g = import_onnx(b.finish(), "m");
    const std::vector<uint8_t> x = bytes_from(1, 7, 18);
    const std::vector<int32_t> y =
        numbers_of(model_output(g, run_oracle(g, x)));
    ASSERT_EQ(y.size(), 36U);
    for (size_t at = 0; at < 9; ++at) {
      for (size_t c = 0; c < 4; ++c) {
        int64_t sum = 0;
        for (size_t i = 0; i < 2; ++i) {
          const int byte = static_cast<int8_t>(x[2 * at + i]);
          const bool reads = !depthwise || c / 2 == i;
          if (reads) sum += (byte + 3) * weights[depthwise ? c : 2 * c + i];
        }
        EXPECT_EQ(y[4 * at + c], sum) << at << ", channel " << c;
      }
    }
  }
}

// Two groups of two channels each: splits, convolutions and a join.
TEST(OnnxIntegers, SumsOfGroupsAreOutputs) {
  OnnxBuilder b;
  b.input("x", {1, 4, 3, 3}, 3);
  const Ints weights = some_bytes(12, 4);
  b.bytes("w", {6, 2, 1, 1}, weights);
  b.bytes("zx", {}, {-3});
  b.node("ConvInteger", {"x", "w", "zx"}, "y", {{"group", int64_t{2}}});
  b.output("y", 6);
  const Graph g = import_onnx(b.finish(), "m");
  const std::vector<uint8_t> x = bytes_from(1, 7, 36);
  const std::vector<int32_t> y = numbers_of(model_output(g, run_oracle(g, x)));
  ASSERT_EQ(y.size(), 54U);
  for (size_t at = 0; at < 9; ++at) {
    for (size_t c = 0; c < 6; ++c) {
      int64_t sum = 0;
      for (size_t i = 0; i < 2; ++i) {
        sum += (static_cast<int8_t>(x[4 * at + c / 3 * 2 + i]) + 3) *
               weights[2 * c + i];
      }
      EXPECT_EQ(y[6 * at + c], sum) << at << ", channel " << c;
    }
  }
}

// Sums of few products beside sums of many, along columns and along rows.
TEST(OnnxIntegers, JoinedSumsAreOutputs) {
  for (const int64_t axis : {1, 0}) {
    OnnxBuilder b;
    constexpr size_t kLong = 3000, kShort = 2;
    b.input("x", {1, kLong}, 2);
    b.input("v", {1, kShort}, 2);
    const Ints first = some_bytes(3 * kLong, 3), second = some_bytes(6, 5);
    b.bytes("w", {kLong, 3}, first);
    b.bytes("u", {kShort, 3}, second);
    b.int32s("c", {3}, {100, -70000, 7});
    b.node("MatMulInteger", {"x", "w"}, "n");
    b.node("MatMulInteger", {"v", "u"}, "m");
    b.node("Add", {"m", "c"}, "l");
    b.node("Concat", {"n", "l"}, "y", {{"axis", axis}});
    b.output("y", 6);
    const Graph g = import_onnx(b.finish(), "m");
    std::vector<uint8_t> x = bytes_from(5, 77, kLong + kShort);
    // The first sum leaves the digits that the short ones take.
    for (size_t i = 0; i < kLong; ++i) x[i] = first[3 * i] < 0 ? 0 : 255;
    const std::vector<int32_t> y =
        numbers_of(model_output(g, run_oracle(g, x)));
    ASSERT_EQ(y.size(), 6U);
    const int64_t added[] = {100, -70000, 7};
    for (size_t c = 0; c < 3; ++c) {
      int64_t many = 0, few = added[c];
      for (size_t i = 0; i < kLong; ++i) many += x[i] * first[3 * i + c];
      for (size_t i = 0; i < kShort; ++i) {
        few += x[kLong + i] * second[3 * i + c];
      }
      EXPECT_EQ(y[c], many) << "axis " << axis << ", channel " << c;
      EXPECT_EQ(y[3 + c], few) << "axis " << axis << ", channel " << c;
    }
  }
}

// The sums themselves are an end, which has all their bits.
TEST(OnnxIntegers, AFloatOutputThatNothingRoundsIsRefused) {
  OnnxBuilder b;
  b.input("x", {1, 2}, 2);
  b.bytes("w", {2, 3}, some_bytes(6));
  b.number("s", 0.01F);
  b.node("MatMulInteger", {"x", "w"}, "n");
  b.node("Cast", {"n"}, "f", {{"to", int64_t{1}}});
  b.node("Mul", {"f", "s"}, "y");
  b.output("y");
  const std::vector<uint8_t> file = b.finish();
  const Error error = import_error(file);
  EXPECT_EQ(std::string(error.what()),
            "m: not supported:\n  FULLY_CONNECTED \"y\": no QuantizeLinear "
            "behind it rounds its result");
  EXPECT_EQ(error.fix(),
            "put a QuantizeLinear behind it, end the model before it "
            "(--outputs NAME), or export the float model and quantize it: "
            "shoal quantize MODEL --calibrate DIR");
  EXPECT_NO_THROW(import_onnx(file, "m", {.outputs = {"n"}}));
}

// Clamped integers at an output, weights that are computed, factors that are
// none of channels or zero are no layers.
TEST(OnnxIntegers, OtherIntegersAreRefused) {
  for (const int kind : {0, 1, 2, 3}) {
    OnnxBuilder b;
    b.input("x", {1, 2, 3, 3}, 2);
    b.bytes("w", {3, 2, 1, 1}, some_bytes(6));
    b.node("ConvInteger", {"x", kind == 1 ? "x" : "w"}, "n");
    if (kind > 0) {
      b.node("Cast", {"n"}, "f", {{"to", int64_t{1}}});
      if (kind == 3) {
        b.number("s", 0);
      } else {
        b.floats("s", {3}, {1, 2, 3});  // along columns
      }
      b.node("Mul", {"f", "s"}, kind > 2 ? "r" : "y");
      b.number("sy", 0.5F);
      b.bytes("zy", {}, {90}, true);
      if (kind > 2) b.node("QuantizeLinear", {"r", "sy", "zy"}, "y");
    } else {
      b.int32s("zero", {1}, {0});
      b.node("Max", {"n", "zero"}, "y");
    }
    b.output("y", kind == 0 ? 6 : kind > 2 ? 2 : 1);
    const Error error = import_error(b.finish());
    EXPECT_EQ(error.code(), Exit::kUnsupported) << kind << " " << error.what();
  }
}

}  // namespace
}  // namespace shoal
