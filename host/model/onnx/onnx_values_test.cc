// Operators whose axes, groups or formulas the layout could mix up: what the
// graph computes is ONNX's, written down a second time.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <functional>

#include "host/model/onnx/onnx.h"
#include "host/model/onnx/testing/onnx_builder.h"
#include "host/oracle/float/float_oracle.h"

namespace shoal {
namespace {

// The value at channel c, row y, column x of 1x6x4x5.
constexpr int kChannels = 6, kRows = 4, kColumns = 5;
using Picture = std::function<double(int c, int y, int x)>;

struct Answer {
  Floats input = some_floats(kChannels * kRows * kColumns);
  Shape shape;  // of the output, as it lies
  std::vector<float> output;

  double in(int c, int y, int x) const {
    return double{1} *
           input[static_cast<size_t>((c * kRows + y) * kColumns + x)];
  }
};

// The input is fed as [1, H, W, C], as the graph takes it.
Answer answer_of(const OnnxBuilder& b) {
  const Graph g = import_onnx(b.finish(), "m");
  Answer r;
  std::vector<float> fed;
  for (int y = 0; y < kRows; ++y) {
    for (int x = 0; x < kColumns; ++x) {
      for (int c = 0; c < kChannels; ++c) {
        fed.push_back(static_cast<float>(r.in(c, y, x)));
      }
    }
  }
  FloatOracle oracle(g);
  oracle.run(fed);
  r.output = oracle.output();
  r.shape = g.tensors[static_cast<size_t>(g.outputs[0])].shape;
  return r;
}

Answer answer(OnnxBuilder& b, const std::string& type,
              const std::vector<OnnxField>& attributes = {},
              std::vector<std::string> more = {}) {
  b.input("x", {1, kChannels, kRows, kColumns});
  more.insert(more.begin(), "x");
  b.node(type, more, "y", attributes);
  b.output("y");
  return answer_of(b);
}

// An output of rank 4, which lies as [1, H, W, C].
void expect_picture(const Answer& r, int channels, int rows, int columns,
                    const Picture& f) {
  ASSERT_EQ(r.shape, (Shape{1, rows, columns, channels}));
  size_t i = 0;
  for (int y = 0; y < rows; ++y) {
    for (int x = 0; x < columns; ++x) {
      for (int c = 0; c < channels; ++c) {
        ASSERT_NEAR(r.output[i++], f(c, y, x), 2e-5)
            << "channel " << c << " row " << y << " column " << x;
      }
    }
  }
}

TEST(OnnxValues, FunctionsAndPowers) {
  struct Case {
    const char* type;
    double (*f)(double);
    std::vector<OnnxField> attributes;
  };
  const Case cases[] = {
      {"Abs", [](double v) { return std::abs(v); }, {}},
      {"Neg", [](double v) { return -v; }, {}},
      {"Exp", [](double v) { return std::exp(v); }, {}},
      {"Gelu",
       [](double v) { return v / 2 * (1 + std::erf(v / std::sqrt(2.0))); },
       {}},
      {"Gelu",
       [](double v) {
         return v / 2 *
                (1 +
                 std::tanh(0.7978845608028654 * (v + 0.044715 * v * v * v)));
       },
       {{"approximate", std::string("tanh")}}},
      {"Cos", [](double v) { return std::cos(v); }, {}},
      {"Erf", [](double v) { return std::erf(v); }, {}},
      {"Round", [](double v) { return std::nearbyint(v); }, {}},
      {"Sign", [](double v) { return double(v > 0) - double(v < 0); }, {}},
      {"Shrink",
       [](double v) {
         return v < -0.25 ? v + 0.125 : v > 0.25 ? v - 0.125 : 0;
       },
       {{"lambd", 0.25F}, {"bias", 0.125F}}},
      {"ThresholdedRelu",
       [](double v) { return v > 0.5 ? v : 0; },
       {{"alpha", 0.5F}}},
  };
  for (const Case& k : cases) {
    SCOPED_TRACE(k.type);
    OnnxBuilder b(17);
    const Answer r = answer(b, k.type, k.attributes);
    expect_picture(r, kChannels, kRows, kColumns,
                   [&](int c, int y, int x) { return k.f(r.in(c, y, x)); });
  }
  for (const float exponent : {2.f, 3.f, -1.f}) {
    OnnxBuilder b;
    b.number("e", exponent);
    const Answer r = answer(b, "Pow", {}, {"e"});
    expect_picture(r, kChannels, kRows, kColumns, [&](int c, int y, int x) {
      return std::pow(r.in(c, y, x), double{exponent});
    });
    if (HasFailure()) return;
  }
}

// Import numbers the constants of a function by their use; a graph that is
// written and read again is the same.
TEST(OnnxValues, ConstantsOfFunctionsAreInOrderOfUse) {
  for (const char* type :
       {"Ceil", "Celu", "Cos", "Elu", "Erf", "Mish", "Round", "Selu", "Shrink",
        "Sign", "Softplus", "Softsign", "ThresholdedRelu"}) {
    SCOPED_TRACE(type);
    OnnxBuilder b(18);
    b.input("x", {1, 4});
    b.node(type, {"x"}, "y");
    b.output("y");
    const Graph g = import_onnx(b.finish(), "m");
    ASSERT_EQ(g.ops.size(), 1u);
    const auto* f = std::get_if<FunctionAttr>(&g.ops[0].attr);
    if (f == nullptr) continue;  // one operator
    int last = 0;
    for (const Op& step : f->steps) {
      for (const int n : step.inputs) {
        if (n < 0) {
          EXPECT_EQ(n, --last);
        }
      }
    }
    EXPECT_EQ(f->constants.size(), static_cast<size_t>(-last));
  }
}

TEST(OnnxValues, LimitsThatCrossAreTheUpperOne) {
  OnnxBuilder b;
  b.number("low", 2);
  b.number("high", 0.5f);
  const Answer r = answer(b, "Clip", {}, {"low", "high"});
  expect_picture(r, kChannels, kRows, kColumns,
                 [](int, int, int) { return 0.5; });
}

TEST(OnnxValues, AWholeNumberAsExponent) {
  OnnxBuilder b;
  b.ints("e", {}, {2});
  const Answer r = answer(b, "Pow", {}, {"e"});
  expect_picture(r, kChannels, kRows, kColumns, [&](int c, int y, int x) {
    return r.in(c, y, x) * r.in(c, y, x);
  });
}

TEST(OnnxValues, ResizeBetweenPixels) {
  struct Case {
    const char* mode;
    double (*place)(int i, double scale, int in, int out);
  };
  const Case cases[] = {
      {"half_pixel",
       [](int i, double s, int, int) { return (i + 0.5) / s - 0.5; }},
      {"asymmetric", [](int i, double s, int, int) { return i / s; }},
      {"align_corners",
       [](int i, double, int in, int out) {
         return double{1} * i * (in - 1) / (out - 1);
       }},
  };
  for (const Case& k : cases) {
    SCOPED_TRACE(k.mode);
    OnnxBuilder b;
    b.ints("s", {4}, {1, kChannels, 8, 15});
    const Answer r =
        answer(b, "Resize",
               {{"mode", std::string("linear")},
                {"coordinate_transformation_mode", std::string(k.mode)}},
               {"", "", "s"});
    expect_picture(r, kChannels, 8, 15, [&](int c, int y, int x) {
      const auto at = [&](double row, double column) {
        return r.in(c, std::clamp(static_cast<int>(row), 0, kRows - 1),
                    std::clamp(static_cast<int>(column), 0, kColumns - 1));
      };
      const double v = k.place(y, 2, kRows, 8);
      const double h = k.place(x, 3, kColumns, 15);
      const double v0 = std::floor(v), h0 = std::floor(h);
      return at(v0, h0) * (v0 + 1 - v) * (h0 + 1 - h) +
             at(v0, h0 + 1) * (v0 + 1 - v) * (h - h0) +
             at(v0 + 1, h0) * (v - v0) * (h0 + 1 - h) +
             at(v0 + 1, h0 + 1) * (v - v0) * (h - h0);
    });
  }
}

// By mean and variance of the group of channel c.
double normalized(const Answer& r, int c, int y, int x, int groups,
                  double epsilon) {
  const int each = kChannels / groups, first = c / each * each;
  double sum = 0, squares = 0;
  for (int k = first; k < first + each; ++k) {
    for (int v = 0; v < kRows; ++v) {
      for (int u = 0; u < kColumns; ++u) sum += r.in(k, v, u);
    }
  }
  const double count = each * kRows * kColumns, mean = sum / count;
  for (int k = first; k < first + each; ++k) {
    for (int v = 0; v < kRows; ++v) {
      for (int u = 0; u < kColumns; ++u) {
        squares += (r.in(k, v, u) - mean) * (r.in(k, v, u) - mean);
      }
    }
  }
  return (r.in(c, y, x) - mean) / std::sqrt(squares / count + epsilon);
}

TEST(OnnxValues, InstancesAndGroups) {
  const Floats scale = some_floats(kChannels, 5), bias = some_floats(6, 9);
  for (const int groups : {6, 2, 3, 1}) {
    SCOPED_TRACE(groups);
    OnnxBuilder b(17);
    b.floats("s", {kChannels}, scale);
    b.floats("b", {kChannels}, bias);
    const bool instance = groups == 6;
    std::vector<OnnxField> attributes{{"epsilon", 1e-3f}};
    if (!instance) attributes.push_back({"num_groups", int64_t{groups}});
    const Answer r =
        answer(b, instance ? "InstanceNormalization" : "GroupNormalization",
               attributes, {"s", "b"});
    expect_picture(r, kChannels, kRows, kColumns, [&](int c, int y, int x) {
      const auto k = static_cast<size_t>(c);
      return normalized(r, c, y, x, groups, double{1e-3f}) * double{scale[k]} +
             double{bias[k]};
    });
  }
}

TEST(OnnxValues, LayersOverTheLastAxes) {
  OnnxBuilder b(17);
  const Floats scale = some_floats(kColumns, 3);
  b.floats("s", {kColumns}, scale);
  const Answer r =
      answer(b, "LayerNormalization", {{"axis", int64_t{-1}}}, {"s"});
  expect_picture(r, kChannels, kRows, kColumns, [&](int c, int y, int x) {
    double mean = 0, squares = 0;
    for (int u = 0; u < kColumns; ++u) mean += r.in(c, y, u) / kColumns;
    for (int u = 0; u < kColumns; ++u) {
      squares += std::pow(r.in(c, y, u) - mean, 2) / kColumns;
    }
    return (r.in(c, y, x) - mean) / std::sqrt(squares + double{1e-5f}) *
           double{scale[static_cast<size_t>(x)]};
  });
}

TEST(OnnxValues, ProductsOfComputedTensors) {
  OnnxBuilder b;
  b.input("x", {1, kChannels, kRows, kColumns});
  b.node("Transpose", {"x"}, "t", {{"perm", Ints{0, 1, 3, 2}}});
  b.node("MatMul", {"x", "t"}, "y");
  b.output("y");
  const Answer r = answer_of(b);
  expect_picture(r, kChannels, kRows, kRows, [&](int c, int y, int x) {
    double sum = 0;
    for (int k = 0; k < kColumns; ++k) sum += r.in(c, y, k) * r.in(c, x, k);
    return sum;
  });
}

TEST(OnnxValues, AlongAnAxis) {
  {
    OnnxBuilder b;
    b.ints("a", {}, {1});
    const Answer r = answer(b, "CumSum", {{"reverse", int64_t{1}}}, {"a"});
    expect_picture(r, kChannels, kRows, kColumns, [&](int c, int y, int x) {
      double sum = 0;
      for (int k = c; k < kChannels; ++k) sum += r.in(k, y, x);
      return sum;
    });
  }
  {
    OnnxBuilder b;
    const Answer r = answer(b, "LogSoftmax", {{"axis", int64_t{1}}});
    expect_picture(r, kChannels, kRows, kColumns, [&](int c, int y, int x) {
      double sum = 0;
      for (int k = 0; k < kChannels; ++k) sum += std::exp(r.in(k, y, x));
      return r.in(c, y, x) - std::log(sum);
    });
  }
  {
    OnnxBuilder b;
    const Answer r = answer(b, "ReduceMin", {{"axes", Ints{2}}});
    expect_picture(r, kChannels, 1, kColumns, [&](int c, int, int x) {
      double least = r.in(c, 0, x);
      for (int y = 1; y < kRows; ++y) least = std::min(least, r.in(c, y, x));
      return least;
    });
  }
  for (const char* type : {"ArgMax", "ArgMin"}) {
    OnnxBuilder b;
    const Answer r = answer(b, type, {{"axis", int64_t{1}}});
    expect_picture(r, 1, kRows, kColumns, [&](int, int y, int x) {
      int best = 0;
      for (int c = 1; c < kChannels; ++c) {
        const double v = r.in(c, y, x), w = r.in(best, y, x);
        if (type[3] == 'M' && type[4] == 'a' ? v > w : v < w) best = c;
      }
      return best;
    });
  }
}

TEST(OnnxValues, ChosenPlaces) {
  {
    OnnxBuilder b;
    b.ints("i", {3}, {4, -6, 4});
    const Answer r = answer(b, "Gather", {{"axis", int64_t{1}}}, {"i"});
    expect_picture(r, 3, kRows, kColumns, [&](int c, int y, int x) {
      return r.in(c == 1 ? 0 : 4, y, x);
    });
  }
  {
    OnnxBuilder b;
    b.ints("i", {2, 2, 3}, {0, 5, 1, 0, 0, -1, 0, 2, 2, 0, 3, 0});
    const Answer r = answer(b, "GatherND", {}, {"i"});
    ASSERT_EQ(r.output.size(), 20u);
    const int places[4][2] = {{5, 1}, {0, 3}, {2, 2}, {3, 0}};
    std::vector<double> wanted;
    for (const auto& p : places) {
      for (int x = 0; x < kColumns; ++x) wanted.push_back(r.in(p[0], p[1], x));
    }
    // However its axes lie, the result holds these.
    std::vector<double> got(r.output.begin(), r.output.end());
    std::sort(wanted.begin(), wanted.end());
    std::sort(got.begin(), got.end());
    EXPECT_EQ(got, wanted);
  }
}

TEST(OnnxValues, NormsAlongAnAxis) {
  const auto norm = [](const Answer& r, int y, int x, int p) {
    double sum = 0;
    for (int c = 0; c < kChannels; ++c) {
      const double v = std::abs(r.in(c, y, x));
      sum += p == 2 ? v * v : v;
    }
    return sum;
  };
  struct Case {
    const char* type;
    int p;
    bool root;
  };
  for (const Case& n : {Case{"ReduceL1", 1, false}, Case{"ReduceL2", 2, true},
                        Case{"ReduceSumSquare", 2, false}}) {
    OnnxBuilder b;
    const Answer r = answer(b, n.type, {{"axes", Ints{1}}});
    expect_picture(r, 1, kRows, kColumns, [&](int, int y, int x) {
      const double v = norm(r, y, x, n.p);
      return n.root ? std::sqrt(v) : v;
    });
  }
  for (const int p : {1, 2}) {
    OnnxBuilder b;
    const Answer r =
        answer(b, "LpNormalization", {{"axis", int64_t{1}}, {"p", int64_t{p}}});
    expect_picture(r, kChannels, kRows, kColumns, [&](int c, int y, int x) {
      const double v = norm(r, y, x, p);
      return r.in(c, y, x) / (p == 2 ? std::sqrt(v) : v);
    });
  }
}

TEST(OnnxValues, LocalResponses) {
  for (const int size : {1, 3, 4}) {
    OnnxBuilder b;
    const Answer r = answer(b, "LRN",
                            {{"size", int64_t{size}},
                             {"alpha", 0.7F},
                             {"beta", 0.6F},
                             {"bias", 1.5F}});
    expect_picture(r, kChannels, kRows, kColumns, [&](int c, int y, int x) {
      double sum = 0;
      for (int k = c - (size - 1) / 2; k <= c + size / 2; ++k) {
        if (k < 0 || k >= kChannels) continue;
        sum += r.in(k, y, x) * r.in(k, y, x);
      }
      return r.in(c, y, x) / std::pow(1.5 + 0.7 / size * sum, 0.6);
    });
  }
}

// Pads that no SAME has, and that count for nothing.
TEST(OnnxValues, AveragesWithoutTheirPaddings) {
  OnnxBuilder b;
  const Answer r = answer(b, "AveragePool",
                          {{"kernel_shape", Ints{3, 2}},
                           {"strides", Ints{2, 2}},
                           {"pads", Ints{1, 1, 0, 1}}});
  expect_picture(r, kChannels, 2, 3, [&](int c, int y, int x) {
    double sum = 0;
    int count = 0;
    for (int i = 2 * y - 1; i < 2 * y + 2; ++i) {
      for (int j = 2 * x - 1; j < 2 * x + 1; ++j) {
        if (i < 0 || i >= kRows || j < 0 || j >= kColumns) continue;
        sum += r.in(c, i, j);
        ++count;
      }
    }
    return sum / count;
  });
}

TEST(OnnxValues, ComparisonsChoose) {
  OnnxBuilder b;
  b.input("x", {1, kChannels, kRows, kColumns});
  b.number("half", 0.25F);
  b.node("Greater", {"x", "half"}, "more");
  b.node("ReduceMean", {"x"}, "mean", {{"axes", Ints{1}}});
  b.node("Less", {"x", "mean"}, "low");
  b.node("Not", {"low"}, "high");
  b.node("And", {"more", "high"}, "both");
  b.node("Where", {"both", "x", "half"}, "chosen");
  b.node("Cast", {"low"}, "number", {{"to", int64_t{1}}});
  b.node("Add", {"chosen", "number"}, "y");
  b.output("y");
  const Graph g = import_onnx(b.finish(), "m");
  Answer r;
  std::vector<float> fed;
  for (int i = 0; i < kRows * kColumns; ++i) {
    for (int c = 0; c < kChannels; ++c) {
      fed.push_back(static_cast<float>(r.in(c, i / kColumns, i % kColumns)));
    }
  }
  FloatOracle oracle(g);
  oracle.run(fed);
  r.output = oracle.output();
  r.shape = g.tensors[static_cast<size_t>(g.outputs[0])].shape;
  expect_picture(r, kChannels, kRows, kColumns, [&](int c, int y, int x) {
    const double v = r.in(c, y, x);
    double mean = 0;
    for (int k = 0; k < kChannels; ++k) mean += r.in(k, y, x) / kChannels;
    const bool low = v < mean;
    return (v > 0.25 && !low ? v : 0.25) + (low ? 1 : 0);
  });
}

TEST(OnnxValues, ExpandRepeats) {
  OnnxBuilder b;
  b.ints("axes", {1}, {1});
  b.input("x", {1, kChannels, kRows, kColumns});
  b.node("ReduceMax", {"x"}, "most", {{"axes", Ints{1}}});
  b.ints("s", {4}, {1, kChannels, kRows, kColumns});
  b.node("Expand", {"most", "s"}, "all");
  b.output("all");
  const Graph g = import_onnx(b.finish(), "m");
  EXPECT_EQ(g.tensors[static_cast<size_t>(g.outputs[0])].shape,
            (Shape{1, kRows, kColumns, kChannels}));
}

// As torch writes F.normalize: what Expand repeats, Div repeats as well.
TEST(OnnxValues, ExpandBesideAWholeOperandIsNone) {
  OnnxBuilder b;
  b.input("x", {1, kChannels, kRows, kColumns});
  b.node("ReduceL2", {"x"}, "norm", {{"axes", Ints{1}}});
  b.node("Shape", {"x"}, "s");
  b.node("Expand", {"norm", "s"}, "all");
  b.node("Div", {"x", "all"}, "y");
  b.output("y");
  const Graph g = import_onnx(b.finish(), "m");
  ASSERT_EQ(g.ops.size(), 4u);
  EXPECT_EQ(g.ops.back().kind, OpKind::kDiv);
}

// The graph's answer to rows of numbers.
std::vector<float> answer_to(OnnxBuilder& b, const Floats& input) {
  b.output("y");
  const Graph g = import_onnx(b.finish(), "m");
  FloatOracle oracle(g);
  oracle.run(input);
  return oracle.output();
}

TEST(OnnxValues, HalvesGoToEven) {
  OnnxBuilder b;
  b.input("x", {1, 8});
  b.node("Round", {"x"}, "y");
  EXPECT_EQ(answer_to(b, {-2.5F, -1.5F, -0.5F, 0.5F, 1.5F, 2.5F, 0.49999997F,
                          -7.75F}),
            (Floats{-2, -2, 0, 0, 2, 2, 0, -8}));
}

TEST(OnnxValues, TilesRepeat) {
  OnnxBuilder b;
  b.ints("r", {2}, {2, 3});
  b.input("x", {2, 2});
  b.node("Tile", {"x", "r"}, "y");
  const Floats row{1, 2, 1, 2, 1, 2}, next{3, 4, 3, 4, 3, 4};
  Floats all;
  for (const Floats& part : {row, next, row, next}) {
    all.insert(all.end(), part.begin(), part.end());
  }
  EXPECT_EQ(answer_to(b, {1, 2, 3, 4}), all);
}

TEST(OnnxValues, ColumnsFirstBehindNoConvolution) {
  OnnxBuilder b;
  b.node("Relu", {"x"}, "r");
  b.input("x", {1, 8, 1, 1});
  b.node("DepthToSpace", {"r"}, "y",
         {{"blocksize", int64_t{2}}, {"mode", std::string("CRD")}});
  // As [1, H, W, C]: channel 0 has the first four.
  EXPECT_EQ(answer_to(b, {0, 1, 2, 3, 4, 5, 6, 7}),
            (Floats{0, 4, 1, 5, 2, 6, 3, 7}));
}

TEST(OnnxValues, NearestPlacesOfAnyKind) {
  OnnxBuilder b;
  b.floats("s", {3}, {1, 1, 1.5F});
  b.input("x", {1, 2, 4});
  b.node("Resize", {"x", "", "s"}, "y",
         {{"nearest_mode", std::string("ceil")},
          {"coordinate_transformation_mode", std::string("half_pixel")}});
  // Places (i + 0.5) / 1.5 - 0.5, rounded up.
  EXPECT_EQ(answer_to(b, {0, 1, 2, 3, 10, 11, 12, 13}),
            (Floats{0, 1, 2, 2, 3, 3, 10, 11, 12, 12, 13, 13}));
}

TEST(OnnxValues, ProductsAndTheirSums) {
  const auto gemm = [](const std::function<void(OnnxBuilder&)>& bias,
                       const std::vector<OnnxField>& attributes) {
    OnnxBuilder b;
    b.floats("w", {2, 2}, {1, 2, 3, 4});
    b.input("x", {2, 2});
    bias(b);
    b.node("Gemm", {"x", "w", "c"}, "y", attributes);
    return answer_to(b, {1, 0, 1, 1});
  };
  const auto rows = [](OnnxBuilder& b) { b.floats("c", {2, 1}, {10, 20}); };
  const auto made = [](OnnxBuilder& b) { b.node("Relu", {"x"}, "c"); };
  EXPECT_EQ(gemm(rows, {}), (Floats{11, 12, 24, 26}));
  EXPECT_EQ(gemm(made, {{"beta", 2.F}}), (Floats{3, 2, 6, 8}));
  EXPECT_EQ(gemm(rows, {{"transA", int64_t{1}}}), (Floats{14, 16, 23, 24}));
}

TEST(OnnxValues, SumsOfSeveral) {
  OnnxBuilder b;
  b.input("x", {1, 3});
  b.node("Relu", {"x"}, "r");
  b.node("Neg", {"x"}, "n");
  b.node("Mean", {"x", "r", "n"}, "m");
  b.node("ReduceLogSumExp", {"m"}, "y", {{"axes", Ints{1}}});
  const Floats made = answer_to(b, {3, -6, 0});
  ASSERT_EQ(made.size(), 1u);
  EXPECT_NEAR(made[0], std::log(std::exp(1.) + 2), 1e-5);
}

TEST(OnnxValues, TransposedConvolutionsOfASize) {
  for (const bool asked : {false, true}) {
    OnnxBuilder b;
    b.floats("w", {1, 1, 3, 3}, Floats(9, 1));
    b.input("x", {1, 1, 2, 2});
    std::vector<OnnxField> attributes{{"strides", Ints{2, 2}}};
    if (asked) {
      attributes.push_back({"output_shape", Ints{4, 4}});
    } else {
      attributes.push_back({"auto_pad", std::string("SAME_UPPER")});
    }
    b.node("ConvTranspose", {"x", "w"}, "y", attributes);
    // All but the last row and column of the five.
    EXPECT_EQ(answer_to(b, {1, 2, 3, 4}),
              (Floats{1, 1, 3, 2, 1, 1, 3, 2, 4, 4, 10, 6, 3, 3, 7, 4}));
  }
}

}  // namespace
}  // namespace shoal
