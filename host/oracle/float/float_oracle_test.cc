// Small graphs whose results are known by hand. Random shapes are in
// float_oracle_random_test, whole networks in float_golden_test.
#include "host/oracle/float/float_oracle.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <thread>

#include "host/base/error.h"
#include "host/oracle/float/testing/one_operator.h"

namespace shoal {
namespace {

constexpr float kInfinity = std::numeric_limits<float>::infinity();

WindowAttr window(int kernel_h, int kernel_w, int stride = 1, int pad = 0,
                  Activation activation = Activation::kNone) {
  WindowAttr a;
  a.kernel_h = kernel_h;
  a.kernel_w = kernel_w;
  a.stride_h = a.stride_w = stride;
  a.pad_top = a.pad_left = pad;
  a.activation = activation;
  return a;
}

void expect_near(const Floats& got, const Floats& wanted) {
  ASSERT_EQ(got.size(), wanted.size());
  for (size_t i = 0; i < got.size(); ++i) {
    EXPECT_NEAR(got[i], wanted[i], 1e-6f) << "element " << i;
  }
}

TEST(FloatConvolution, PadsWithZerosAndAddsTheBias) {
  const Graph g = one_operator(
      OpKind::kConv2d,
      {float_tensor({1, 2, 2, 1}), float_constant({1, 3, 3, 1}, Floats(9, 1)),
       float_constant({1}, {0.5f})},
      {float_tensor({1, 2, 2, 1})}, window(3, 3, 1, 1));
  EXPECT_EQ(run_once(g, {1, 2, 3, 4}), (Floats{10.5f, 10.5f, 10.5f, 10.5f}));
}

TEST(FloatConvolution, WeightsAreOutputHeightWidthInput) {
  // Two outputs, a row of two taps, two inputs.
  const Graph g = one_operator(
      OpKind::kConv2d,
      {float_tensor({1, 1, 2, 2}),
       float_constant({2, 1, 2, 2}, {1, 10, 100, 1000, -1, 0, 0, -0.5f})},
      {float_tensor({1, 1, 1, 2})}, window(1, 2));
  EXPECT_EQ(run_once(g, {1, 2, 3, 4}), (Floats{4321, -3}));
}

TEST(FloatConvolution, FusedActivations) {
  const auto with = [](Activation a) {
    const Graph g = one_operator(
        OpKind::kConv2d,
        {float_tensor({1, 1, 3, 1}), float_constant({1, 1, 1, 1}, {2})},
        {float_tensor({1, 1, 3, 1})}, window(1, 1, 1, 0, a));
    return run_once(g, {-2, 0.25f, 5});
  };
  EXPECT_EQ(with(Activation::kNone), (Floats{-4, 0.5f, 10}));
  EXPECT_EQ(with(Activation::kRelu), (Floats{0, 0.5f, 10}));
  EXPECT_EQ(with(Activation::kRelu6), (Floats{0, 0.5f, 6}));
  EXPECT_EQ(with(Activation::kReluN1To1), (Floats{-1, 0.5f, 1}));
}

TEST(FloatConvolution, DepthwiseChannelsKeepTheirOwn) {
  WindowAttr a = window(1, 2);
  a.depth_multiplier = 2;
  const Graph g =
      one_operator(OpKind::kDepthwiseConv2d,
                   {float_tensor({1, 1, 2, 2}),
                    float_constant({1, 1, 2, 4}, {1, 2, 3, 4, 10, 20, 30, 40}),
                    float_constant({4}, {0, 0, 0, 1})},
                   {float_tensor({1, 1, 1, 4})}, a);
  EXPECT_EQ(run_once(g, {1, -1, 2, 3}), (Floats{21, 42, 87, 117}));
}

TEST(FloatConvolution, TransposedAddsWhereKernelsOverlap) {
  const Graph g = one_operator(
      OpKind::kTransposeConv,
      {float_tensor({1, 1, 2, 1}), float_constant({1, 1, 3, 1}, {1, 2, 3}),
       float_constant({1}, {0.5f})},
      {float_tensor({1, 1, 5, 1})}, window(1, 3, 2));
  EXPECT_EQ(run_once(g, {1, 10}), (Floats{1.5f, 2.5f, 13.5f, 20.5f, 30.5f}));
}

TEST(FloatConvolution, FullyConnectedPerRow) {
  const Graph g = one_operator(
      OpKind::kFullyConnected,
      {float_tensor({2, 3}), float_constant({2, 3}, {1, 2, 3, 0, 0, -1})},
      {float_tensor({2, 2})}, FusedAttr{Activation::kRelu});
  EXPECT_EQ(run_once(g, {1, 1, 1, 0, 1, -2}), (Floats{6, 0, 0, 2}));
}

TEST(FloatPool, PaddingTakesNoPart) {
  const auto pooled = [](OpKind kind) {
    const Graph g = one_operator(kind, {float_tensor({1, 2, 2, 1})},
                                 {float_tensor({1, 2, 2, 1})},
                                 window(2, 2));  // SAME: nothing before
    return run_once(g, {-1, -2, -3, -6});
  };
  EXPECT_EQ(pooled(OpKind::kAveragePool2d), (Floats{-3, -4, -4.5f, -6}));
  EXPECT_EQ(pooled(OpKind::kMaxPool2d), (Floats{-1, -2, -3, -6}));
}

TEST(FloatReduce, AxesOfAPicture) {
  const auto reduced = [](OpKind kind, std::vector<bool> axes, Shape shape) {
    const Graph g =
        one_operator(kind, {float_tensor({1, 2, 1, 2})}, {float_tensor(shape)},
                     ReduceAttr{std::move(axes)});
    return run_once(g, {1, 2, 3, 7});
  };
  const std::vector<bool> places = {false, true, true, false};
  EXPECT_EQ(reduced(OpKind::kMean, places, {1, 2}), (Floats{2, 4.5f}));
  EXPECT_EQ(reduced(OpKind::kSum, places, {1, 2}), (Floats{4, 9}));
  EXPECT_EQ(reduced(OpKind::kReduceMax, places, {1, 2}), (Floats{3, 7}));
  const std::vector<bool> channels = {false, false, false, true};
  EXPECT_EQ(reduced(OpKind::kMean, channels, {1, 2, 1}), (Floats{1.5f, 5}));
  EXPECT_EQ(reduced(OpKind::kReduceMax, channels, {1, 2, 1}), (Floats{2, 7}));
}

TEST(FloatReduce, SmallValuesCountBesideLargeOnes) {
  Floats x(1001, 1e-4f);
  x[0] = 1e4f;
  const Graph g = one_operator(OpKind::kSum, {float_tensor({1, 1001, 1, 1})},
                               {float_tensor({1, 1})},
                               ReduceAttr{{false, true, true, false}});
  EXPECT_FLOAT_EQ(run_once(g, x)[0], 10000.1f);
}

struct Pair {
  OpKind kind;
  Attr attr;
  Floats wanted;
};

TEST(FloatElementwise, OfTwoOperands) {
  const std::vector<Pair> all = {
      {OpKind::kAdd, FusedAttr{}, {3, -1, 7}},
      {OpKind::kAdd, FusedAttr{Activation::kRelu6}, {3, 0, 6}},
      {OpKind::kSub, FusedAttr{}, {-1, -5, 3}},
      {OpKind::kMul, FusedAttr{}, {2, -6, 10}},
      {OpKind::kMaximum, {}, {2, 2, 5}},
      {OpKind::kMinimum, {}, {1, -3, 2}},
      {OpKind::kPrelu, {}, {1, -6, 5}}};
  for (const Pair& p : all) {
    const Graph g = one_operator(
        p.kind, {float_tensor({1, 3, 1, 1}), float_tensor({1, 3, 1, 1})},
        {float_tensor({1, 3, 1, 1})}, p.attr);
    EXPECT_EQ(run_once(g, {1, -3, 5, 2, 2, 2}), p.wanted) << op_name(p.kind);
  }
}

TEST(FloatElementwise, Broadcasts) {
  const auto sum = [](Shape a, Shape b, const Floats& input) {
    const Graph g =
        one_operator(OpKind::kSub, {float_tensor(a), float_tensor(b)},
                     {float_tensor({1, 2, 1, 2})}, FusedAttr{});
    return run_once(g, input);
  };
  EXPECT_EQ(sum({1, 2, 1, 2}, {2}, {1, 2, 3, 4, 10, 20}),
            (Floats{-9, -18, -7, -16}));
  EXPECT_EQ(sum({1, 1, 1, 2}, {1, 2, 1, 2}, {10, 20, 1, 2, 3, 4}),
            (Floats{9, 18, 7, 16}));
  EXPECT_EQ(sum({1, 2, 1, 2}, {1, 2, 1, 1}, {1, 2, 3, 4, 10, 20}),
            (Floats{-9, -8, -17, -16}));
  EXPECT_EQ(sum({1, 2, 1, 2}, {}, {1, 2, 3, 4, 1}), (Floats{0, 1, 2, 3}));
}

TEST(FloatActivation, OfOneOperand) {
  const auto with = [](OpKind kind, float alpha = 0) {
    const Graph g = one_operator(kind, {float_tensor({1, 5})},
                                 {float_tensor({1, 5})}, AlphaAttr{alpha});
    return run_once(g, {-8, -1, 0, 1, 8});
  };
  expect_near(with(OpKind::kRelu), {0, 0, 0, 1, 8});
  expect_near(with(OpKind::kRelu6), {0, 0, 0, 1, 6});
  expect_near(with(OpKind::kLeakyRelu, 0.125f), {-1, -0.125f, 0, 1, 8});
  expect_near(with(OpKind::kLogistic),
              {0.00033535f, 0.26894142f, 0.5f, 0.73105858f, 0.99966465f});
  expect_near(with(OpKind::kTanh),
              {-0.99999977f, -0.76159416f, 0, 0.76159416f, 0.99999977f});
  expect_near(with(OpKind::kHardSwish), {0, -1 / 3.f, 0, 2 / 3.f, 8});
}

TEST(FloatActivation, SoftmaxOfRows) {
  const auto softmax = [](float beta, const Floats& x) {
    const Graph g = one_operator(OpKind::kSoftmax, {float_tensor({2, 2})},
                                 {float_tensor({2, 2})}, AlphaAttr{beta});
    return run_once(g, x);
  };
  const float e = std::exp(1.f);
  expect_near(softmax(1, {0, 1, 500, 500}),
              {1 / (1 + e), e / (1 + e), 0.5f, 0.5f});
  expect_near(softmax(0.5f, {0, 2, 0, 0}),
              {1 / (1 + e), e / (1 + e), 0.5f, 0.5f});
}

TEST(FloatMovement, PadValues) {
  const auto padded = [](OpKind kind, std::vector<int> before,
                         std::vector<int> after, Shape shape, float value) {
    PadAttr a;
    a.before = std::move(before);
    a.after = std::move(after);
    a.value = 77;  // of bytes, not of floats
    a.real = value;
    const Graph g = one_operator(kind, {float_tensor({1, 1, 2, 2})},
                                 {float_tensor(std::move(shape))}, a);
    return run_once(g, {1, 2, 3, 4});
  };
  EXPECT_EQ(padded(OpKind::kPad, {0, 0, 1, 0}, {0, 0, 0, 0}, {1, 1, 3, 2}, 0),
            (Floats{0, 0, 1, 2, 3, 4}));
  EXPECT_EQ(
      padded(OpKind::kPadv2, {0, 0, 0, 0}, {0, 1, 0, 0}, {1, 2, 2, 2},
             -kInfinity),
      (Floats{1, 2, 3, 4, -kInfinity, -kInfinity, -kInfinity, -kInfinity}));
  EXPECT_EQ(padded(OpKind::kPad, {0, 0, 0, 1}, {0, 0, 0, 0}, {1, 1, 2, 3}, 0),
            (Floats{0, 1, 2, 0, 3, 4}));
}

TEST(FloatMovement, TransposeWithAndWithoutChannels) {
  const auto transposed = [](std::vector<int> perm, Shape shape) {
    const Graph g = one_operator(
        OpKind::kTranspose, {float_tensor({1, 2, 3, 2})},
        {float_tensor(std::move(shape))}, TransposeAttr{std::move(perm)});
    return run_once(g, {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12});
  };
  EXPECT_EQ(transposed({0, 2, 1, 3}, {1, 3, 2, 2}),
            (Floats{1, 2, 7, 8, 3, 4, 9, 10, 5, 6, 11, 12}));
  EXPECT_EQ(transposed({0, 3, 1, 2}, {1, 2, 2, 3}),
            (Floats{1, 3, 5, 7, 9, 11, 2, 4, 6, 8, 10, 12}));
}

TEST(FloatMovement, ConcatenationAndSplit) {
  const Graph join =
      one_operator(OpKind::kConcatenation,
                   {float_tensor({1, 2, 1, 1}), float_tensor({1, 2, 1, 2})},
                   {float_tensor({1, 2, 1, 3})}, AxisAttr{3});
  EXPECT_EQ(run_once(join, {1, 2, 3, 4, 5, 6}), (Floats{1, 3, 4, 2, 5, 6}));
  const Graph split = one_operator(
      OpKind::kSplit, {float_tensor({1, 2, 1, 4})},
      {float_tensor({1, 2, 1, 2}), float_tensor({1, 2, 1, 2})}, AxisAttr{3});
  EXPECT_EQ(run_once(split, {1, 2, 3, 4, 5, 6, 7, 8}),
            (Floats{1, 2, 5, 6, 3, 4, 7, 8}));
}

TEST(FloatMovement, ResizeSliceAndBlocks) {
  const Graph resize =
      one_operator(OpKind::kResizeNearestNeighbor, {float_tensor({1, 1, 2, 2})},
                   {float_tensor({1, 2, 4, 2})}, ResizeAttr{});
  EXPECT_EQ(run_once(resize, {1, 2, 3, 4}),
            (Floats{1, 2, 1, 2, 3, 4, 3, 4, 1, 2, 1, 2, 3, 4, 3, 4}));
  const Graph slice =
      one_operator(OpKind::kStridedSlice, {float_tensor({1, 4})},
                   {float_tensor({2})}, SliceAttr{{0, 3}, {1, -2}, {true, 0}});
  EXPECT_EQ(run_once(slice, {1, 2, 3, 4}), (Floats{4, 2}));
  const Graph deep =
      one_operator(OpKind::kSpaceToDepth, {float_tensor({1, 2, 2, 2})},
                   {float_tensor({1, 1, 1, 8})}, BlockAttr{2});
  const Floats x = {1, 2, 3, 4, 5, 6, 7, 8};
  EXPECT_EQ(run_once(deep, x), x);
  const Graph flat =
      one_operator(OpKind::kDepthToSpace, {float_tensor({1, 1, 2, 4})},
                   {float_tensor({1, 2, 4, 1})}, BlockAttr{2});
  EXPECT_EQ(run_once(flat, x), (Floats{1, 2, 5, 6, 3, 4, 7, 8}));
}

TEST(FloatOracle, KeepsConstantsAndEveryValue) {
  Graph g = one_operator(OpKind::kAdd,
                         {float_tensor({2}), float_constant({2}, {1, 2})},
                         {float_tensor({2})}, FusedAttr{});
  g.tensors.push_back(float_tensor({2}));
  g.ops.push_back({OpKind::kRelu, {2}, {3}, {}});
  g.outputs = {3, 1};
  FloatOracle oracle(g);
  oracle.run(Floats{5, 5});
  EXPECT_EQ(oracle.run(Floats{-3, 0}),
            (FloatValues{{-3, 0}, {1, 2}, {-2, 2}, {0, 2}}));
  EXPECT_EQ(oracle.output(), (Floats{0, 2, 1, 2}));
}

TEST(FloatOracle, RunsInSeveralThreads) {
  const Graph g = one_operator(
      OpKind::kFullyConnected,
      {float_tensor({1, 64}), float_constant({64, 64}, Floats(4096, 0.5f))},
      {float_tensor({1, 64})}, FusedAttr{});
  std::vector<Floats> results(4);
  std::vector<std::thread> threads;
  for (size_t i = 0; i < results.size(); ++i) {
    threads.emplace_back([&, i] {
      results[i] = run_once(g, Floats(64, static_cast<float>(i)));
    });
  }
  for (std::thread& t : threads) t.join();
  for (size_t i = 0; i < results.size(); ++i) {
    EXPECT_EQ(results[i], Floats(64, 32 * static_cast<float>(i)));
  }
}

TEST(FloatOracle, SaysWhatIsNoFloat) {
  Graph g =
      one_operator(OpKind::kRelu, {float_tensor({2})}, {float_tensor({2})});
  EXPECT_THROW(run_once(g, {1}), Error);
  g.tensors[1].type = Type::kInt8;
  g.tensors[1].name = "head";
  try {
    FloatOracle oracle(g);
    FAIL();
  } catch (const Error& e) {
    EXPECT_EQ(e.code(), Exit::kUnsupported);
    EXPECT_STREQ(e.what(),
                 "layer 0 (RELU): 'head' is INT8, a float model computes in "
                 "FLOAT32");
  }
}

}  // namespace
}  // namespace shoal
