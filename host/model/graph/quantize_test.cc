#include "host/model/graph/quantize.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <set>

#include "device/base/fixed_point.h"
#include "host/base/error.h"

namespace shoal {
namespace {

Tensor scaled(float scale, int zero = 0) {
  Tensor t;
  t.shape = {1};
  t.quant.scale = {scale};
  t.quant.zero = {zero};
  return t;
}

std::array<int8_t, 256> table(OpKind kind, const Tensor& x, const Tensor& y,
                              Attr attr = {}) {
  Graph graph;
  graph.tensors = {x, y};
  return unary_table(graph, {kind, {0}, {1}, attr});
}

TEST(QuantizeMultiplier, Edges) {
  EXPECT_EQ(quantize_multiplier(0), (Multiplier{0, 0}));
  EXPECT_EQ(quantize_multiplier(1), (Multiplier{1 << 30, 1}));
  EXPECT_EQ(quantize_multiplier(0.75), (Multiplier{1610612736, 0}));
  // A fraction that rounds up to one.
  EXPECT_EQ(quantize_multiplier(1 - std::ldexp(1, -40)),
            (Multiplier{1 << 30, 1}));
  EXPECT_EQ(quantize_multiplier(std::ldexp(0.5, -31)),
            (Multiplier{1 << 30, -31}));
  EXPECT_EQ(quantize_multiplier(std::ldexp(0.5, -32)), (Multiplier{0, 0}));
  EXPECT_EQ(quantize_multiplier(std::ldexp(0.75, 30)),
            (Multiplier{1610612736, 30}));
  EXPECT_EQ(quantize_multiplier(std::ldexp(0.5, 31)),
            (Multiplier{kInt32Max, 30}));
}

TEST(ActivationRange, CutAndTies) {
  using P = std::pair<int, int>;
  EXPECT_EQ(activation_range(Activation::kNone, 1, 5), P(-128, 127));
  EXPECT_EQ(activation_range(Activation::kRelu, 1, 5), P(5, 127));
  EXPECT_EQ(activation_range(Activation::kRelu6, 4, -10), P(-10, -8));
  EXPECT_EQ(activation_range(Activation::kReluN1To1, 2, 0), P(-1, 1));
  EXPECT_EQ(activation_range(Activation::kRelu6, 1e-30f, -10), P(-10, 127));
}

TEST(ChannelMultipliers, FloatProductOnlyForOneScale) {
  // Scales whose product needs more than 24 bits.
  const Tensor x = scaled(0.1f), y = scaled(0.3f);
  Tensor w = scaled(0.7f);
  const auto in_double = channel_multipliers(x, w, y, 2, false);
  const auto in_float = channel_multipliers(x, w, y, 2, true);
  ASSERT_EQ(in_double.size(), 2u);
  EXPECT_EQ(in_double[0], in_double[1]);
  EXPECT_EQ(in_double[0],
            quantize_multiplier(double{0.1f} * double{0.7f} / double{0.3f}));
  EXPECT_EQ(in_float[0],
            quantize_multiplier(double{0.1f * 0.7f} / double{0.3f}));
  EXPECT_NE(in_double[0], in_float[0]);
  w.quant.scale = {0.7f, 0.2f};
  w.quant.zero = {0, 0};
  EXPECT_EQ(channel_multipliers(x, w, y, 2, true),
            channel_multipliers(x, w, y, 2, false));
}

TEST(BinaryParams, AddOfTheGoldenTwoInputs) {
  const AddParams p =
      add_params(scaled(0.03f, -10), scaled(0.011f, 40), scaled(1.f), false);
  EXPECT_EQ(p.multiplier0, 1 << 30);
  EXPECT_EQ(p.shift0, 0);
  EXPECT_EQ(p.zero0, -10);
  EXPECT_EQ(p.zero1, 40);
  EXPECT_EQ(p.shift1, -2);
  EXPECT_EQ(p.sign, 1);
}

TEST(BinaryParams, SubRoundsQuotientsToFloat) {
  const Tensor a = scaled(0.03f), b = scaled(0.011f), y = scaled(0.07f);
  const AddParams add = add_params(a, b, y, false);
  const AddParams sub = add_params(a, b, y, true);
  EXPECT_EQ(sub.sign, -1);
  EXPECT_NE(add.multiplier1, sub.multiplier1);
  EXPECT_EQ(sub.multiplier1 % 128, 0);  // 24 bits of a float
}

TEST(ReduceParams, MeanDividesTheMultiplier) {
  const ReduceParams p = mean_params(scaled(0.5f), scaled(0.5f), 7);
  // m = 2^30, s = 1; k = floor(log2 7) = 2.
  EXPECT_EQ(p.multiplier, static_cast<int32_t>((int64_t{1} << 32) / 7));
  EXPECT_EQ(p.shift, -1);
  EXPECT_EQ(p.count, 7);
  const ReduceParams sum = sum_params(scaled(0.5f), scaled(0.5f), 7);
  EXPECT_EQ(sum.multiplier, 1 << 30);
  EXPECT_EQ(sum.shift, 1);
  // A shift that leaves no room for all of floor(log2 n).
  const ReduceParams low =
      mean_params(scaled(1.f), scaled(std::ldexp(1.f, 30)), 64);
  EXPECT_EQ(low.shift, -31);
  EXPECT_EQ(low.multiplier, (1 << 30) / 64 * 4);
}

TEST(SoftmaxParams, LimitsAndRefusal) {
  const SoftmaxParams p = softmax_params(scaled(1.f), 1.f);
  EXPECT_EQ(p.multiplier, 1 << 30);
  EXPECT_EQ(p.shift, 27);
  EXPECT_EQ(p.diff_min, -15);
  EXPECT_EQ(softmax_params(scaled(1000.f), 1.f).shift, 30);
  EXPECT_THROW(softmax_params(scaled(1e-9f), 1.f), Error);
  EXPECT_THROW(softmax_params(scaled(1.f), -1.f), Error);
}

TEST(NearestIndices, Float32Arithmetic) {
  const auto exact = [](int in, int out) {
    std::vector<uint16_t> index;
    for (int i = 0; i < out; ++i) {
      index.push_back(static_cast<uint16_t>(i * in / out));
    }
    return index;
  };
  EXPECT_EQ(nearest_indices(4, 8, {}), exact(4, 8));
  EXPECT_EQ(nearest_indices(7, 3, {}), exact(7, 3));
  EXPECT_NE(nearest_indices(14, 46, {}), exact(14, 46));
  const auto corners = nearest_indices(3, 5, {true, false});
  EXPECT_EQ(corners, (std::vector<uint16_t>{0, 1, 1, 2, 2}));
  const auto centres = nearest_indices(4, 2, {false, true});
  EXPECT_EQ(centres, (std::vector<uint16_t>{1, 3}));
}

TEST(FloatBorder, RoundsAwayAndSaturates) {
  EXPECT_EQ(quantize_float(0.25f, 0.5f, 3), 4);
  EXPECT_EQ(quantize_float(-0.25f, 0.5f, 3), 2);
  EXPECT_EQ(quantize_float(1e30f, 0.5f, -3), 127);
  EXPECT_EQ(quantize_float(-1e30f, 0.5f, 100), -128);
  EXPECT_EQ(quantize_float(std::numeric_limits<float>::quiet_NaN(), 1, 7), 7);
  EXPECT_EQ(dequantize(-7, 0.1f, 3), 0.1f * -10);
  for (int q = -128; q < 128; ++q) {
    const auto byte = static_cast<int8_t>(q);
    EXPECT_EQ(quantize_float(dequantize(byte, 0.013f, 9), 0.013f, 9), q);
  }
}

TEST(UnaryTable, QuantizeKeepsAndFlips) {
  const auto same = table(OpKind::kQuantize, scaled(1, 4), scaled(1, 4));
  const auto half = table(OpKind::kQuantize, scaled(1, 0), scaled(2, 0));
  for (int q = -128; q < 128; ++q) EXPECT_EQ(same[q + 128], q);
  EXPECT_EQ(half[128 + 3], 2);
  // high_mul takes negative ties towards zero, round_shift away from it.
  EXPECT_EQ(half[128 - 3], -1);
  const auto quarter = table(OpKind::kQuantize, scaled(1, 0), scaled(4, 0));
  EXPECT_EQ(quarter[128 - 6], -2);
}

TEST(UnaryTable, Relus) {
  const auto relu = table(OpKind::kRelu, scaled(1, -3), scaled(0.5f, 10));
  EXPECT_EQ(relu[128 - 4], 10);
  EXPECT_EQ(relu[128 - 2], 12);
  EXPECT_EQ(relu[128 + 127], 127);
  // The output's quantization is not read.
  const auto relu6 = table(OpKind::kRelu6, scaled(4, -3), scaled(9, 9));
  EXPECT_EQ(relu6[0], -3);
  EXPECT_EQ(relu6[128 - 2], -2);
  EXPECT_EQ(relu6[255], -1);
  const auto leaky =
      table(OpKind::kLeakyRelu, scaled(1), scaled(1), AlphaAttr{0.5f});
  EXPECT_EQ(leaky[128 + 9], 9);
  EXPECT_EQ(leaky[128 - 9], -4);
}

TEST(UnaryTable, SigmoidsFollowFixedPoint) {
  const float scale = 0.01878f;
  const auto logistic =
      table(OpKind::kLogistic, scaled(scale), scaled(1.f / 256, -128));
  const auto tanh = table(OpKind::kTanh, scaled(scale), scaled(1.f / 128));
  int differ = 0;
  for (int q = -128; q < 128; ++q) {
    const double x = double{scale} * q;
    const int l = static_cast<int>(std::round(256 / (1 + std::exp(-x)))) - 128;
    const int t = static_cast<int>(std::round(128 * std::tanh(x)));
    EXPECT_NEAR(logistic[q + 128], std::min(l, 127), 1);
    EXPECT_NEAR(tanh[q + 128], std::clamp(t, -128, 127), 1);
    differ += logistic[q + 128] != std::min(l, 127);
    differ += tanh[q + 128] != std::clamp(t, -128, 127);
  }
  EXPECT_GT(differ, 0);
  EXPECT_LE(differ, 3);
  EXPECT_EQ(logistic[128], 0);
  EXPECT_EQ(tanh[128], 0);
  // Scales far outside the fixed-point range stay total.
  const auto step = table(OpKind::kTanh, scaled(100.f), scaled(1.f / 128));
  EXPECT_EQ(step[127], -128);
  EXPECT_EQ(step[129], 127);
  const auto flat = table(OpKind::kTanh, scaled(1e-12f), scaled(1.f / 128));
  EXPECT_EQ(std::set<int8_t>(flat.begin(), flat.end()).size(), 1u);
}

TEST(UnaryTable, HardSwish) {
  const float sx = 0.05f, sy = 0.04f;
  const auto y = table(OpKind::kHardSwish, scaled(sx, 3), scaled(sy, -100));
  for (int q = -128; q < 128; ++q) {
    const double x = sx * (q - 3);
    const double h = x * std::clamp(x + 3, 0.0, 6.0) / 6;
    const double exact = std::clamp(std::round(h / sy) - 100, -128.0, 127.0);
    EXPECT_NEAR(y[q + 128], exact, 1) << q;
  }
  EXPECT_THROW(table(OpKind::kHardSwish, scaled(1.f), scaled(0.001f)), Error);
}

}  // namespace
}  // namespace shoal
