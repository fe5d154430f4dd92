// Bias correction and equalization on networks that need them.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstring>

#include "host/oracle/float/float_oracle.h"
#include "host/quantize/equalize.h"
#include "host/quantize/int8_run.h"
#include "host/quantize/observe.h"
#include "host/quantize/testing/float_net.h"

namespace shoal {
namespace {

double snr(const Graph& graph, const QuantizeOptions& options) {
  QuantizeReport report;
  quantize(graph, wave_frames(graph, 16, 3), options, report);
  return report.output_snr_db;
}

// mean_patch() times weights, plus bias, is the mean output: judged by the
// float oracle.
void expect_means(const FloatNet& net, int y) {
  const Graph& graph = net.graph();
  const Op& op = *std::find_if(graph.ops.begin(), graph.ops.end(),
                               [&](const Op& o) { return o.outputs[0] == y; });
  FloatOracle oracle(graph);
  const FloatValues& values = oracle.run(wave_frames(graph, 1, 9).frame(0));
  const std::vector<double> patch = mean_patch(graph, op, values[op.inputs[0]]);
  const auto channels = static_cast<size_t>(graph.tensors[y].shape.back());
  std::vector<double> wanted(channels, 0), got(channels, 0);
  for (size_t i = 0; i < values[y].size(); ++i) {
    wanted[i % channels] += values[y][i] * static_cast<double>(channels) /
                            static_cast<double>(values[y].size());
  }
  const std::vector<float> w = net.values(op.inputs[1]);
  const std::vector<float> b = net.values(op.inputs[2]);
  for (size_t i = 0; i < w.size(); ++i) {
    const bool depthwise = op.kind == OpKind::kDepthwiseConv2d;
    const size_t multiplier = w.size() / patch.size();
    const size_t c = depthwise ? i % channels : i / patch.size();
    got[c] += w[i] * patch[depthwise ? i / multiplier : i % patch.size()];
  }
  for (size_t c = 0; c < channels; ++c) {
    EXPECT_NEAR(got[c] + b[c], wanted[c], 1e-4) << op_name(op.kind) << c;
  }
}

TEST(JudgedOutputs, OfASoftmaxWhatItReads) {
  FloatNet net(1);
  const int x = net.dense(net.input({1, 4}), 3);
  const int y = net.dense(x, 2);
  net.output(net.softmax(x));
  net.output(y);
  EXPECT_EQ(judged_outputs(net.graph()), (std::vector<int>{x, y}));
}

TEST(MeanPatch, GivesTheMeanOutput) {
  FloatNet net(1);
  const int x = net.input({1, 9, 7, 3});
  for (const bool same : {true, false}) {
    expect_means(net, net.conv(x, 4, {.kernel = 3, .stride = 2, .same = same}));
    expect_means(net,
                 net.conv(x, 4, {.kernel = 3, .dilation = 2, .same = same}));
    expect_means(net, net.depthwise(x, {.kernel = 3, .same = same}, 2));
  }
  expect_means(net, net.transpose_conv(x, 4, {.kernel = 3, .stride = 2}));
  expect_means(net, net.dense(net.mean(x), 5));
}

// Weights whose rounding errors all point the same way, on inputs whose mean
// is not zero: the error is a shift.
TEST(BiasCorrection, TakesAwayAShift) {
  FloatNet net(2);
  const int x = net.input({1, 16, 16, 8});
  const int y = net.conv(x, 8, {});
  net.output(y);
  std::vector<float> w(64);
  for (size_t i = 0; i < w.size(); ++i) w[i] = i % 8 == 0 ? 1.27f : 0.0047f;
  net.set_values(net.maker(y).inputs[1], w);
  const double without = snr(net.graph(), {.bias_correction = false});
  const double with = snr(net.graph(), {});
  EXPECT_GT(with, without + 3);
}

// Also through the layers behind, which correct what reaches them.
TEST(BiasCorrection, IsSequential) {
  FloatNet net(3);
  int x = net.input({1, 16, 16, 8});
  for (int layer = 0; layer < 4; ++layer) {
    x = net.conv(x, 8, {.kernel = 3, .bias = false});
    std::vector<float> w = net.values(net.maker(x).inputs[1]);
    for (size_t i = 0; i < w.size(); ++i) w[i] = i % 9 == 4 ? 0.4f : 0.0016f;
    net.set_values(net.maker(x).inputs[1], w);
  }
  net.output(x);
  const double without = snr(net.graph(), {.bias_correction = false});
  const double with = snr(net.graph(), {});
  EXPECT_GT(with, without + 3);
}

// Channels whose ranges differ by up to a thousand, as depthwise layers make
// them.
FloatNet uneven(Activation act) {
  FloatNet net(4);
  int x = net.input({1, 16, 16, 3});
  const int first = net.conv(x, 16, {.kernel = 3, .act = act});
  x = net.depthwise(first, {.kernel = 3, .act = act});
  const int last = net.conv(x, 8, {});
  net.output(last);
  std::vector<float> w = net.values(net.maker(first).inputs[1]);
  std::vector<float> b = net.values(net.maker(first).inputs[2]);
  std::vector<float> d = net.values(net.maker(x).inputs[1]);
  for (size_t c = 0; c < 16; ++c) {
    const float s = std::pow(0.6f, static_cast<float>(c));
    b[c] = 0.3f * s;
    for (size_t i = 0; i < 27; ++i) w[27 * c + i] *= 0.3f * s;
    for (size_t i = 0; i < 9; ++i) d[16 * i + c] /= s;
  }
  net.set_values(net.maker(first).inputs[1], w);
  net.set_values(net.maker(first).inputs[2], b);
  net.set_values(net.maker(x).inputs[1], d);
  return net;
}

TEST(Equalization, LevelsChannels) {
  for (const Activation act :
       {Activation::kNone, Activation::kRelu, Activation::kRelu6}) {
    const Graph graph = uneven(act).graph();
    const double off = snr(graph, {.equalize = false});
    const double on = snr(graph, {.equalize = true});
    EXPECT_GT(on, off + 6) << static_cast<int>(act);
    EXPECT_EQ(snr(graph, {}), std::max(on, off));
  }
}

TEST(Equalization, KeepsTheFunction) {
  for (const Activation act :
       {Activation::kNone, Activation::kRelu, Activation::kRelu6}) {
    const Graph graph = uneven(act).graph();
    const Calibration frames = wave_frames(graph, 8, 5);
    const std::vector<LayerPair> pairs = find_pairs(graph);
    ASSERT_EQ(pairs.size(), 2u);
    Team alone(one_rank());
    const Observations seen =
        observe(graph, frames, {watched_tensors(pairs), {}}, alone, {});
    const Graph scaled = equalize(graph, pairs, seen.highest);
    FloatOracle before(graph), after(scaled);
    double moved = 0;
    for (int64_t f = 0; f < frames.count; ++f) {
      const FloatValues& a = before.run(frames.frame(f));
      const FloatValues& b = after.run(frames.frame(f));
      const int y = graph.outputs[0];
      for (size_t i = 0; i < a[y].size(); ++i) {
        ASSERT_NEAR(a[y][i], b[y][i], 1e-4 * (1 + std::abs(a[y][i])));
      }
      const int t = pairs[0].tensor;
      for (size_t i = 0; i < a[t].size(); ++i) {
        moved = std::max<double>(moved, std::abs(a[t][i] - b[t][i]));
      }
    }
    EXPECT_GT(moved, 0.1);
  }
}

// Channels at the cap of RELU6 are not scaled, and none is scaled up to it.
TEST(Equalization, LeavesTheCapAlone) {
  FloatNet net = uneven(Activation::kRelu6);
  Graph graph = net.graph();
  const std::vector<LayerPair> pairs = find_pairs(graph);
  std::vector<std::vector<float>> highest(graph.tensors.size());
  highest[pairs[0].tensor].assign(16, 1);
  highest[pairs[0].tensor][0] = 6;
  highest[pairs[0].tensor][1] = 5;
  const Graph scaled = equalize(graph, {pairs[0]}, highest);
  const int weights = graph.ops[0].inputs[1];
  const auto factor = [&](size_t c) {
    float before, after;
    const size_t at = 27 * c * sizeof(float);
    std::memcpy(&before, &graph.tensors[weights].data[at], sizeof before);
    std::memcpy(&after, &scaled.tensors[weights].data[at], sizeof after);
    return after / before;
  };
  EXPECT_EQ(factor(0), 1);
  EXPECT_EQ(factor(1), 1);
  EXPECT_NEAR(factor(2), 4.8, 0.01);
}

// Two readers, other functions in between, a graph output: no pair.
TEST(Equalization, PairsNeedOneReader) {
  FloatNet net(5);
  const int x = net.input({1, 8, 8, 3});
  const int a = net.conv(x, 4, {});
  const int b = net.pad(a, 1, 1);
  const int c = net.conv(b, 4, {.act = Activation::kReluN1To1});
  const int d = net.conv(c, 4, {});
  const int e = net.conv(net.unary(OpKind::kTanh, d), 4, {});
  const int f = net.conv(e, 4, {});
  net.output(e);
  net.output(net.dense(net.mean(f), 3));
  const std::vector<LayerPair> pairs = find_pairs(net.graph());
  ASSERT_EQ(pairs.size(), 2u);
  EXPECT_EQ(pairs[0].tensor, a);
  EXPECT_EQ(net.graph().ops[pairs[0].second].outputs[0], c);
  EXPECT_EQ(pairs[1].tensor, f);
}

}  // namespace
}  // namespace shoal
