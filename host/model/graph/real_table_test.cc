#include "host/model/graph/real_table.h"

#include <gtest/gtest.h>

#include <cmath>

#include "host/model/graph/long_real.h"
#include "host/model/graph/quantize.h"

namespace shoal {
namespace {

Graph unary(OpKind kind, float sx, int zx, float sy, int zy, Attr attr = {}) {
  Graph g;
  g.tensors.resize(2);
  g.tensors[0].quant = {{sx}, {zx}, 0};
  g.tensors[1].quant = {{sy}, {zy}, 0};
  g.ops.push_back({kind, {0}, {1}, std::move(attr)});
  return g;
}

int byte(const Graph& g, int q) { return real_byte(g, g.ops[0], q); }

TEST(LongReal, Arithmetic) {
  const LongReal third = LongReal(int64_t{1}) / uint64_t{3};
  EXPECT_EQ((third * LongReal(int64_t{3}) - LongReal(int64_t{1})).top(), -448);
  const LongReal seven(int64_t{-7}), two(0.25f);
  EXPECT_EQ((seven * two).estimate(), -1.75);
  EXPECT_EQ((seven / two).estimate(), -28);
  EXPECT_EQ((seven + two).estimate(), -6.75);
  EXPECT_EQ((two - seven).shifted(-70).shifted(70).estimate(), 7.25);
  EXPECT_TRUE(seven < two);
  EXPECT_FALSE(two < two);
}

TEST(LongReal, FunctionsAreTheirSeries) {
  for (const float v : {-11.5f, -2.f, -0.001f, 0.f, 0.3f, 1.f, 4.75f, 15.f}) {
    const LongReal x(v);
    EXPECT_NEAR(exp(x).estimate() / std::exp(double{v}), 1, 1e-14);
    // LOG undoes EXP with an error far below what doubles resolve.
    EXPECT_LT((log(exp(x)) - x).top(), -380) << v;
    const double phi = std::erfc(-double{v} / std::sqrt(2.0)) / 2;
    EXPECT_NEAR(gelu(x).estimate(), v * phi, 1e-14 * std::abs(v));
  }
  // Together they are x, whatever is lost in between.
  const LongReal x(3.5f);
  EXPECT_LT((gelu(x) - gelu(-x) - x).top(), -380);
  const LongReal y(1.25f);
  const double u = 0.7978845608028654 * (1.25 + 0.044715 * 1.953125);
  EXPECT_NEAR(gelu_by_tanh(y).estimate(), 0.625 * (1 + std::tanh(u)), 1e-14);
  EXPECT_LT((gelu_by_tanh(y) - gelu_by_tanh(-y) - y).top(), -380);
}

TEST(RealTable, TiesGoAwayFromZero) {
  const Graph square = unary(OpKind::kSquare, 0.5f, 0, 0.5f, -128);
  EXPECT_EQ(byte(square, 1), -127);  // 0.5 steps
  EXPECT_EQ(byte(square, 3), -123);  // 4.5
  EXPECT_EQ(byte(square, -3), -123);
  const Graph negative = unary(OpKind::kNeg, 1, 0, 2, 5);
  EXPECT_EQ(byte(negative, 1), 4);  // -0.5
  EXPECT_EQ(byte(negative, -3), 7);
  EXPECT_EQ(byte(unary(OpKind::kExp, 0.1f, 3, 2, 0), 3), 1);  // 1 / 2
  const Graph root = unary(OpKind::kSqrt, 0.25f, 0, 1, 0);
  EXPECT_EQ(byte(root, 1), 1);   // 0.5
  EXPECT_EQ(byte(root, 9), 2);   // 1.5
  EXPECT_EQ(byte(root, 25), 3);  // 2.5
  EXPECT_EQ(byte(root, 24), 2);
  // GELU of 20 is a little less than 20: 2.5 steps of 8 are not reached.
  const Graph gelu = unary(OpKind::kGelu, 1, 0, 8, 0, GeluAttr{false});
  EXPECT_EQ(byte(gelu, 20), 2);
  EXPECT_EQ(byte(gelu, 21), 3);
  EXPECT_EQ(byte(gelu, -20), 0);
  const Graph by_tanh = unary(OpKind::kGelu, 1, 0, 8, 0, GeluAttr{true});
  EXPECT_EQ(byte(by_tanh, 20), 2);
}

TEST(RealTable, OutsideOfAFunctionsDomain) {
  const Graph root = unary(OpKind::kSqrt, 0.1f, 4, 0.05f, -9);
  EXPECT_EQ(byte(root, -50), -9);
  EXPECT_EQ(byte(root, 4), -9);
  const auto table = [](const Graph& g) { return unary_table(g, g.ops[0]); };
  const Graph logarithm = unary(OpKind::kLog, 0.1f, 4, 0.05f, 0);
  EXPECT_EQ(table(logarithm)[4 + 128], -128);
  EXPECT_EQ(table(logarithm)[0], -128);
  EXPECT_EQ(table(logarithm)[14 + 128], 0);  // of 1
  EXPECT_EQ(table(unary(OpKind::kExp, 3e10f, 0, 1e-9f, 0))[255], 127);
  EXPECT_EQ(table(unary(OpKind::kRsqrt, 0.1f, 0, 0.1f, 0))[0], 127);
}

// Every byte of many scales, by the long way alone.
TEST(RealTable, IsTheExactValueRounded) {
  for (const OpKind kind : {OpKind::kExp, OpKind::kLog, OpKind::kGelu}) {
    for (int k = 1; k < 6; ++k) {
      const float sx = 0.0137f * static_cast<float>(k), sy = 0.0171f;
      const Graph g = unary(kind, sx, -3 * k, sy, k, GeluAttr{});
      for (int q = -128; q < 128; q += 5) {
        const int d = q + 3 * k;
        if (kind == OpKind::kLog && d <= 0) continue;
        const LongReal x = LongReal(sx) * LongReal(int64_t{d});
        const LongReal v = kind == OpKind::kExp   ? exp(x)
                           : kind == OpKind::kLog ? log(x)
                                                  : gelu(x);
        const double steps = (v / LongReal(sy)).estimate();
        if (std::abs(steps) > 1000) continue;
        EXPECT_EQ(byte(g, q), k + static_cast<int>(std::round(steps)));
      }
    }
  }
}

}  // namespace
}  // namespace shoal
