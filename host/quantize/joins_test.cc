// Joins of parts with unlike ranges: the graph that is quantized computes the
// same, and each part has a tensor of its own.
#include "host/quantize/joins.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "host/oracle/float/float_oracle.h"
#include "host/quantize/testing/float_net.h"

namespace shoal {
namespace {

struct Separated {
  Graph graph;
  std::vector<std::string> notes;
};

Separated separated(const FloatNet& net, JoinOptions options = {}) {
  Separated s;
  s.graph = separate_parts(net.graph(), wave_frames(net.graph(), 6, 3), options,
                           s.notes);
  return s;
}

int ops_of_kind(const Graph& g, OpKind kind) {
  return static_cast<int>(std::ranges::count(g.ops, kind, &Op::kind));
}

int times(FloatNet& net, int x, float factor) {
  return net.binary(OpKind::kMul, x, net.constant({}, {factor}));
}

// All values that the graphs' outputs have, in one order.
std::vector<float> sorted_outputs(const Graph& graph, int64_t frame) {
  FloatOracle oracle(graph);
  oracle.run(wave_frames(graph, 6, 3).frame(frame));
  std::vector<float> values = oracle.output();
  std::ranges::sort(values);
  return values;
}

void expect_same(const Graph& a, const Graph& b) {
  for (int64_t frame = 0; frame < 2; ++frame) {
    const std::vector<float> x = sorted_outputs(a, frame);
    const std::vector<float> y = sorted_outputs(b, frame);
    ASSERT_EQ(x.size(), y.size());
    for (size_t i = 0; i < x.size(); ++i) {
      EXPECT_NEAR(x[i], y[i], 1e-4 * (1 + std::abs(x[i]))) << i;
    }
  }
}

TEST(Joins, AnOutputEndsAtItsParts) {
  FloatNet net(1);
  const int x = net.input({1, 6, 6, 2});
  const int boxes = times(net, net.conv(x, 4, {}), 600);
  const int scores = net.unary(OpKind::kLogistic, net.conv(x, 3, {}));
  const int y = net.concatenation({boxes, scores});
  net.output(y);
  const Separated s = separated(net);
  ASSERT_EQ(s.graph.outputs.size(), 2u);
  const std::string name = net.graph().tensors[y].name;
  const auto tensor = [&](size_t i) -> const Tensor& {
    return s.graph.tensors[s.graph.outputs[i]];
  };
  EXPECT_EQ(tensor(0).name, name + "/1");
  EXPECT_EQ(tensor(1).name, name + "/2");
  EXPECT_EQ(tensor(0).shape.back(), 4);
  EXPECT_EQ(tensor(1).shape.back(), 3);
  EXPECT_EQ(ops_of_kind(s.graph, OpKind::kConcatenation), 0);
  ASSERT_EQ(s.notes.size(), 1u);
  EXPECT_NE(s.notes[0].find("output '" + name + "' becomes 2 outputs"),
            std::string::npos);
  expect_same(net.graph(), s.graph);
}

// The order of the other outputs stays; a part that is an output already, and
// an output that something else reads, stay as they are.
TEST(Joins, OtherOutputsStay) {
  FloatNet net(2);
  const int x = net.input({1, 6, 6, 2});
  const int first = net.conv(x, 2, {});
  const int wide = times(net, net.conv(x, 4, {}), 600);
  const int last = net.conv(x, 2, {});
  net.output(first);
  net.output(net.concatenation({wide, net.conv(x, 3, {})}));
  net.output(last);
  const Separated s = separated(net);
  ASSERT_EQ(s.graph.outputs.size(), 4u);
  EXPECT_EQ(s.graph.outputs.front(), first);
  EXPECT_EQ(s.graph.outputs.back(), last);

  EXPECT_EQ(separated(net, {.keep_outputs = true}).graph.outputs,
            net.graph().outputs);
  net.output(wide);
  EXPECT_EQ(separated(net).graph.outputs, net.graph().outputs);
}

TEST(Joins, LikePartsStayTogether) {
  FloatNet net(3);
  const int x = net.input({1, 6, 6, 2});
  const int a = net.conv(x, 4, {}), b = net.conv(x, 4, {});
  net.output(net.concatenation({a, b}));
  const Separated s = separated(net);
  EXPECT_TRUE(s.notes.empty());
  EXPECT_EQ(s.graph.outputs, net.graph().outputs);
}

// As YOLOv5 has it: positions and sizes beside confidences, for two grids,
// which are then joined along the rows of the table.
TEST(Joins, AreFoundBehindReshapesTransposesAndOtherJoins) {
  FloatNet net(4);
  const int x = net.input({1, 6, 6, 2});
  std::vector<int> grids;
  for (const int stride : {1, 2}) {
    const NetWindow window{.kernel = 1, .stride = stride};
    const int place = times(net, net.conv(x, 2, window), 500);
    const int size = times(net, net.conv(x, 2, window), 400);
    const int sure = net.unary(OpKind::kLogistic, net.conv(x, 3, window));
    const int all = net.concatenation({place, size, sure});
    const int cells = 36 / stride / stride;
    grids.push_back(net.reshape(all, {1, cells, 7}));
  }
  const int table = net.concatenation(grids, 1);
  net.output(net.transpose(table, {0, 2, 1}));
  const Separated s = separated(net);
  ASSERT_EQ(s.graph.outputs.size(), 2u);
  const Shape boxes{1, 4, 45}, scores{1, 3, 45};
  EXPECT_EQ(s.graph.tensors[s.graph.outputs[0]].shape, boxes);
  EXPECT_EQ(s.graph.tensors[s.graph.outputs[1]].shape, scores);
  expect_same(net.graph(), s.graph);
}

struct Inside {
  const char* name;
  int (*reader)(FloatNet&, int joined);
};

class PartsInside : public testing::TestWithParam<Inside> {};

TEST_P(PartsInside, AreScaledForTheLayerBehind) {
  FloatNet net(5);
  const int x = net.input({1, 6, 6, 2});
  const int small = net.unary(OpKind::kTanh, net.conv(x, 3, {}));
  const int large = times(net, net.conv(x, 4, {}), 300);
  net.output(GetParam().reader(net, net.concatenation({small, large})));
  const Separated s = separated(net);
  EXPECT_EQ(s.notes.size(), 1u);
  EXPECT_EQ(ops_of_kind(s.graph, OpKind::kMul), 2);
  EXPECT_EQ(ops_of_kind(s.graph, OpKind::kConcatenation), 1);
  expect_same(net.graph(), s.graph);
}

INSTANTIATE_TEST_SUITE_P(
    Readers, PartsInside,
    testing::Values(Inside{"Conv",
                           [](FloatNet& n, int x) {
                             return n.conv(x, 5, {.kernel = 3});
                           }},
                    Inside{"Depthwise",
                           [](FloatNet& n, int x) {
                             return n.depthwise(x, {.kernel = 3}, 2);
                           }},
                    Inside{"Dense",
                           [](FloatNet& n, int x) {
                             return n.dense(n.reshape(x, {1, 252}), 5);
                           }},
                    Inside{"DenseOfOtherOrder",
                           [](FloatNet& n, int x) {
                             const int y = n.transpose(x, {0, 3, 1, 2});
                             return n.dense(n.reshape(y, {1, 252}), 5);
                           }},
                    Inside{"Pooled",
                           [](FloatNet& n, int x) {
                             const int y = n.unary(OpKind::kRelu, x);
                             return n.conv(
                                 n.pool(OpKind::kMaxPool2d, y, {.kernel = 2}),
                                 5, {});
                           }},
                    Inside{"Two",
                           [](FloatNet& n, int x) {
                             return n.binary(OpKind::kAdd, n.conv(x, 5, {}),
                                             n.conv(x, 5, {}));
                           }}),
    [](const auto& info) { return info.param.name; });

// Nothing may scale what TANH reads.
TEST(Joins, StayWhereSomethingElseReadsThem) {
  FloatNet net(6);
  const int x = net.input({1, 6, 6, 2});
  const int small = net.conv(x, 3, {});
  const int large = times(net, net.conv(x, 4, {}), 300);
  const int joined = net.concatenation({small, large});
  net.output(net.binary(OpKind::kAdd, net.conv(joined, 7, {}),
                        net.unary(OpKind::kTanh, joined)));
  EXPECT_TRUE(separated(net).notes.empty());
}

// Returns h of h[t] = tanh(x[t] + h[t - 1]).
int recurrent(FloatNet& net, int x) {
  Shape state = net.shape(x);
  state[0] = 1;
  const int first =
      net.constant(state, std::vector<float>(static_cast<size_t>(state[1])));
  const int before = net.binary(OpKind::kAdd, x, first);
  const int h = net.unary(OpKind::kTanh, net.binary(OpKind::kAdd, x, before));
  net.maker(before) = {OpKind::kDelay, {first, h}, {before}, {}};
  return h;
}

// The operators of a loop read what they make: they stay one behind the other.
TEST(Joins, OfNetworksWithLoopsKeepTheLoops) {
  FloatNet behind(3);
  const int h = recurrent(behind, behind.input({6, 2}));
  behind.output(behind.concatenation({h, times(behind, h, 500)}, 1));
  const Separated parts = separated(behind);
  EXPECT_EQ(parts.graph.outputs.size(), 2U);
  expect_same(behind.graph(), parts.graph);

  FloatNet before(4);
  const int x = before.input({1, 6, 1, 2});
  const int joined = before.concatenation({x, times(before, x, 500)});
  const int steps = before.reshape(before.conv(joined, 3, {}), {6, 3});
  before.output(recurrent(before, steps));
  const Separated scaled = separated(before);
  EXPECT_EQ(scaled.notes.size(), 1U);
  expect_same(before.graph(), scaled.graph);
}

}  // namespace
}  // namespace shoal
