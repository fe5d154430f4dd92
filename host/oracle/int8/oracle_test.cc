// Small graphs whose results are known by hand, and round trips of operators
// that undo each other. The golden set is in oracle_golden_test.
#include "host/oracle/int8/oracle.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <random>

#include "host/base/error.h"

namespace shoal {
namespace {

using Bytes = std::vector<int8_t>;

std::vector<uint8_t> raw(const Bytes& v) { return {v.begin(), v.end()}; }

std::vector<uint8_t> raw32(const std::vector<int32_t>& v) {
  std::vector<uint8_t> bytes(v.size() * 4);
  std::memcpy(bytes.data(), v.data(), bytes.size());
  return bytes;
}

Tensor tensor(Shape shape, float scale = 1, int zero = 0) {
  Tensor t;
  t.shape = std::move(shape);
  t.quant = {{scale}, {zero}, 0};
  return t;
}

Tensor constant(Tensor t, std::vector<uint8_t> data) {
  t.constant = true;
  t.data = std::move(data);
  return t;
}

Tensor bias(const std::vector<int32_t>& values) {
  Tensor t = tensor({static_cast<int>(values.size())});
  t.type = t.file_type = Type::kInt32;
  return constant(t, raw32(values));
}

// Operator 0 of the graph, with the tensors in operand order; values of the
// operands that are no constants.
struct One {
  Graph graph;
  Values values;

  One(OpKind kind, std::vector<Tensor> in, std::vector<Tensor> out,
      Attr attr = {}) {
    Op op{kind, {}, {}, std::move(attr)};
    for (auto& t : in) op.inputs.push_back(add(std::move(t)));
    for (auto& t : out) op.outputs.push_back(add(std::move(t)));
    graph.ops = {op};
    values.resize(graph.tensors.size());
  }
  int add(Tensor t) {
    graph.tensors.push_back(std::move(t));
    return static_cast<int>(graph.tensors.size()) - 1;
  }
  Bytes run(const std::vector<Bytes>& operands) {
    for (size_t i = 0; i < operands.size(); ++i) {
      values[graph.ops[0].inputs[i]] = raw(operands[i]);
    }
    evaluate(graph, graph.ops[0], values);
    const auto& y = values[graph.ops[0].outputs[0]];
    return {y.begin(), y.end()};
  }
};

WindowAttr window(int kernel_h, int kernel_w, int stride = 1, int pad = 0) {
  WindowAttr a;
  a.kernel_h = kernel_h;
  a.kernel_w = kernel_w;
  a.stride_h = a.stride_w = stride;
  a.pad_top = a.pad_left = pad;
  return a;
}

TEST(Convolution, PaddingIsTheZeroPoint) {
  // Weights 1 with zero point 3, input zero point 2: (x - 2) * (4 - 3).
  One conv(
      OpKind::kConv2d,
      {tensor({1, 2, 2, 1}, 1, 2),
       constant(tensor({1, 3, 3, 1}, 1, 3), raw(Bytes(9, 4))), bias({100})},
      {tensor({1, 2, 2, 1}, 1, -1)}, window(3, 3, 1, 1));
  EXPECT_EQ(conv.run({{3, 4, 5, 6}}), (Bytes{109, 109, 109, 109}));
}

TEST(Convolution, ChannelsHaveTheirScalesAndActivation) {
  Tensor w = tensor({2, 1, 1, 2});
  w.quant = {{1.f, 4.f}, {0, 0}, 0};
  WindowAttr a = window(1, 1);
  a.activation = Activation::kRelu;
  One conv(OpKind::kConv2d,
           {tensor({1, 1, 2, 2}), constant(w, raw({1, 2, -1, 3}))},
           {tensor({1, 1, 2, 2}, 2, -10)}, a);
  // sums 5, 7 and -2, -10; scaled by 1/2 and 2.
  EXPECT_EQ(conv.run({{1, 2, -4, 1}}), (Bytes{-7, 0, -10, 4}));
}

TEST(Convolution, SumsWrap) {
  One conv(OpKind::kConv2d,
           {tensor({1, 1, 1, 1}), constant(tensor({1, 1, 1, 1}), raw({1})),
            bias({0x7FFFFFFF})},
           {tensor({1, 1, 1, 1}, 16777216)}, window(1, 1));
  EXPECT_EQ(conv.run({{1}}), (Bytes{-128}));
}

TEST(Convolution, DilationAndStride) {
  WindowAttr a = window(2, 2, 2);
  a.dilation_h = a.dilation_w = 2;
  One conv(
      OpKind::kConv2d,
      {tensor({1, 5, 5, 1}), constant(tensor({1, 2, 2, 1}), raw({1, 2, 3, 4}))},
      {tensor({1, 2, 2, 1})}, a);
  Bytes x(25);
  for (int i = 0; i < 25; ++i) x[i] = static_cast<int8_t>(i % 7 - 3);
  const auto at = [&](int y, int c) { return x[y * 5 + c]; };
  const auto sum = [&](int y, int c) {
    return static_cast<int8_t>(at(y, c) + 2 * at(y, c + 2) + 3 * at(y + 2, c) +
                               4 * at(y + 2, c + 2));
  };
  EXPECT_EQ(conv.run({x}), (Bytes{sum(0, 0), sum(0, 2), sum(2, 0), sum(2, 2)}));
}

TEST(Convolution, DepthMultiplier) {
  WindowAttr a = window(1, 1);
  a.depth_multiplier = 2;
  One conv(
      OpKind::kDepthwiseConv2d,
      {tensor({1, 1, 1, 2}), constant(tensor({1, 1, 1, 4}), raw({1, 2, 3, 4}))},
      {tensor({1, 1, 1, 4})}, a);
  EXPECT_EQ(conv.run({{5, -6}}), (Bytes{5, 10, -18, -24}));
}

TEST(Convolution, FullyConnectedRows) {
  One fc(OpKind::kFullyConnected,
         {tensor({2, 1, 2}), constant(tensor({3, 2}), raw({1, 0, 0, 1, 1, 1})),
          bias({0, 0, 10})},
         {tensor({2, 3})}, FusedAttr{Activation::kRelu6});
  EXPECT_EQ(fc.run({{1, 2, -3, 4}}), (Bytes{1, 2, 6, 0, 4, 6}));
}

TEST(Convolution, TransposeScatters) {
  // 2x2 kernel, stride 2: every input pixel becomes a block; a hole where
  // the output is larger keeps the bias.
  One up(OpKind::kTransposeConv,
         {tensor({1, 1, 2, 1}),
          constant(tensor({1, 2, 2, 1}), raw({1, 2, 3, 4})), bias({5})},
         {tensor({1, 2, 5, 1})}, window(2, 2, 2));
  EXPECT_EQ(up.run({{1, 10}}), (Bytes{6, 7, 15, 25, 5, 8, 9, 35, 45, 5}));
}

TEST(Pool, AverageCountsPlacesInsideOnly) {
  One pool(OpKind::kAveragePool2d, {tensor({1, 2, 2, 1})},
           {tensor({1, 2, 2, 1})}, window(2, 2));
  EXPECT_EQ(pool.run({{1, 2, -4, -3}}), (Bytes{-1, -1, -4, -3}));
  One most(OpKind::kMaxPool2d, {tensor({1, 2, 2, 1})}, {tensor({1, 1, 1, 1})},
           window(5, 5, 1, 2));
  EXPECT_EQ(most.run({{-7, -9, -8, -20}}), (Bytes{-7}));
}

TEST(Reduce, AxesInTheMiddle) {
  ReduceAttr a{{false, true, false}};
  const Tensor x = tensor({2, 3, 2}, 1, 1);
  const Bytes in = {1, 2, 3, 4, 5, 6, -1, -2, -3, -4, -5, -6};
  One mean(OpKind::kMean, {x}, {tensor({2, 2})}, a);
  EXPECT_EQ(mean.run({in}), (Bytes{2, 3, -4, -5}));
  One sum(OpKind::kSum, {x}, {tensor({2, 2}, 1, 9)}, a);
  EXPECT_EQ(sum.run({in}), (Bytes{15, 18, -3, -6}));
  One most(OpKind::kReduceMax, {x}, {tensor({2, 1, 2}, 1, 1)}, a);
  EXPECT_EQ(most.run({in}), (Bytes{5, 6, -1, -2}));
}

TEST(Elementwise, BroadcastEitherWay) {
  One add(OpKind::kAdd, {tensor({2, 1}), tensor({1, 3})}, {tensor({2, 3})},
          FusedAttr{});
  EXPECT_EQ(add.run({{10, 20}, {1, 2, 3}}), (Bytes{11, 12, 13, 21, 22, 23}));
  One sub(OpKind::kSub, {tensor({}, 1, 4), tensor({3})}, {tensor({3})},
          FusedAttr{});
  EXPECT_EQ(sub.run({{10}, {1, 2, 3}}), (Bytes{5, 4, 3}));
  One mul(OpKind::kMul, {tensor({2, 3}), constant(tensor({1, 1}), raw({2}))},
          {tensor({2, 3}, 1, 1)}, FusedAttr{Activation::kRelu});
  EXPECT_EQ(mul.run({{-1, 0, 1, 2, 3, 4}}), (Bytes{1, 1, 3, 5, 7, 9}));
}

TEST(Elementwise, BytesAndSlopes) {
  // MAXIMUM and MINIMUM compare bytes whatever the scales.
  One most(OpKind::kMaximum, {tensor({2}, 1, 50), tensor({2}, 9)},
           {tensor({2})});
  EXPECT_EQ(most.run({{1, -5}, {-2, 7}}), (Bytes{1, 7}));
  One least(OpKind::kMinimum, {tensor({2}), tensor({1})}, {tensor({2})});
  EXPECT_EQ(least.run({{1, -5}, {-2}}), (Bytes{-2, -5}));
  One prelu(OpKind::kPrelu,
            {tensor({1, 2, 2}, 1, 1), constant(tensor({2}, .5f), raw({1, 4}))},
            {tensor({1, 2, 2}, 1, 2)});
  EXPECT_EQ(prelu.run({{5, 1, -3, -7}}), (Bytes{6, 2, 0, -14}));
}

TEST(Activation, SoftmaxOfManyEqualClasses) {
  const Bytes same(600, 3);
  One softmax(OpKind::kSoftmax, {tensor({600}, .1f)},
              {tensor({600}, 1.f / 256, -128)}, AlphaAttr{1});
  EXPECT_EQ(softmax.run({same}), Bytes(600, -128));
  One two(OpKind::kSoftmax, {tensor({2, 2}, .1f)},
          {tensor({2, 2}, 1.f / 256, -128)}, AlphaAttr{1});
  EXPECT_EQ(two.run({{3, 3, 100, -100}}), (Bytes{0, 0, 127, -128}));
}

TEST(Movement, Slices) {
  const Bytes x = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11};
  One slice(OpKind::kStridedSlice, {tensor({3, 4})}, {tensor({2})},
            SliceAttr{{1, 3}, {1, -2}, {true, false}});
  EXPECT_EQ(slice.run({x}), (Bytes{7, 5}));
}

TEST(Movement, MirrorsPacksAndUnpacks) {
  One reflect(OpKind::kMirrorPad, {tensor({3, 2})}, {tensor({6, 3})},
              MirrorAttr{{2, 0}, {1, 1}, false});
  EXPECT_EQ(reflect.run({{1, 2, 3, 4, 5, 6}}),
            (Bytes{5, 6, 5, 3, 4, 3, 1, 2, 1, 3, 4, 3, 5, 6, 5, 3, 4, 3}));
  One symmetric(OpKind::kMirrorPad, {tensor({3})}, {tensor({8})},
                MirrorAttr{{3}, {2}, true});
  EXPECT_EQ(symmetric.run({{1, 2, 3}}), (Bytes{3, 2, 1, 1, 2, 3, 3, 2}));
  One pack(OpKind::kPack, {tensor({2}), tensor({2}), tensor({2})},
           {tensor({2, 3})}, AxisAttr{1});
  EXPECT_EQ(pack.run({{1, 2}, {3, 4}, {5, 6}}), (Bytes{1, 3, 5, 2, 4, 6}));
}

TEST(Movement, PadsAndPermutes) {
  One pad(OpKind::kPad, {tensor({2, 1})}, {tensor({3, 3})},
          PadAttr{{1, 0}, {0, 2}, -7});
  EXPECT_EQ(pad.run({{1, 2}}), (Bytes{-7, -7, -7, 1, -7, -7, 2, -7, -7}));
  One transpose(OpKind::kTranspose, {tensor({2, 1, 3})}, {tensor({3, 2, 1})},
                TransposeAttr{{2, 0, 1}});
  EXPECT_EQ(transpose.run({{1, 2, 3, 4, 5, 6}}), (Bytes{1, 4, 2, 5, 3, 6}));
}

TEST(Movement, ResizesAndBlocks) {
  One resize(OpKind::kResizeNearestNeighbor, {tensor({1, 1, 2, 1})},
             {tensor({1, 2, 4, 1})}, ResizeAttr{});
  EXPECT_EQ(resize.run({{1, 2}}), (Bytes{1, 1, 2, 2, 1, 1, 2, 2}));
  One depth(OpKind::kSpaceToDepth, {tensor({1, 2, 2, 2})},
            {tensor({1, 1, 1, 8})}, BlockAttr{2});
  const Bytes x = {1, 2, 3, 4, 5, 6, 7, 8};
  EXPECT_EQ(depth.run({x}), x);
}

class Random : public testing::TestWithParam<int> {
 protected:
  std::mt19937 rng_{static_cast<uint32_t>(GetParam())};
  int pick(int low, int high) {
    return std::uniform_int_distribution<int>(low, high)(rng_);
  }
  Bytes bytes(const Shape& shape) {
    Bytes v(element_count(shape));
    for (auto& b : v) b = static_cast<int8_t>(pick(-128, 127));
    return v;
  }
};

TEST_P(Random, ConcatenationAndSplitUndoEachOther) {
  const int rank = pick(1, 6), axis = pick(0, rank - 1), parts = pick(1, 3);
  Shape shape(rank);
  for (int& n : shape) n = pick(1, 4);
  Shape whole = shape;
  whole[axis] *= parts;
  const std::vector<Tensor> pieces(parts, tensor(shape));
  const Bytes x = bytes(whole);
  One split(OpKind::kSplit, {tensor(whole)}, pieces, AxisAttr{axis});
  split.run({x});
  std::vector<Bytes> made;
  for (int t : split.graph.ops[0].outputs) {
    made.emplace_back(split.values[t].begin(), split.values[t].end());
  }
  One join(OpKind::kConcatenation, pieces, {tensor(whole)}, AxisAttr{axis});
  EXPECT_EQ(join.run(made), x) << "seed " << GetParam();
  if (axis > 0 || parts == 1) return;
  EXPECT_EQ(made[0], Bytes(x.begin(), x.begin() + made[0].size()));
}

TEST_P(Random, SpaceAndDepthUndoEachOther) {
  const int block = pick(1, 3);
  const Shape deep = {pick(1, 2), pick(1, 4), pick(1, 4),
                      block * block * pick(1, 3)};
  const Shape wide = {deep[0], deep[1] * block, deep[2] * block,
                      deep[3] / (block * block)};
  const Bytes x = bytes(deep);
  One space(OpKind::kDepthToSpace, {tensor(deep)}, {tensor(wide)},
            BlockAttr{block});
  One depth(OpKind::kSpaceToDepth, {tensor(wide)}, {tensor(deep)},
            BlockAttr{block});
  EXPECT_EQ(depth.run({space.run({x})}), x) << "seed " << GetParam();
}

TEST_P(Random, PermutationsUndoEachOther) {
  const int rank = pick(1, 6);
  std::vector<int> perm(rank), inverse(rank);
  for (int a = 0; a < rank; ++a) perm[a] = a;
  std::shuffle(perm.begin(), perm.end(), rng_);
  Shape from(rank), to(rank);
  for (int& n : from) n = pick(1, 4);
  for (int a = 0; a < rank; ++a) {
    to[a] = from[perm[a]];
    inverse[perm[a]] = a;
  }
  const Bytes x = bytes(from);
  One there(OpKind::kTranspose, {tensor(from)}, {tensor(to)},
            TransposeAttr{perm});
  One back(OpKind::kTranspose, {tensor(to)}, {tensor(from)},
           TransposeAttr{inverse});
  EXPECT_EQ(back.run({there.run({x})}), x) << "seed " << GetParam();
}

// A depthwise convolution is a convolution whose other weights are zero.
TEST_P(Random, DepthwiseIsAThinConvolution) {
  const int in_c = pick(1, 4), multiplier = pick(1, 3);
  const int out_c = in_c * multiplier, h = pick(3, 7), w = pick(3, 7);
  WindowAttr a = window(pick(1, 3), pick(1, 3), pick(1, 2), pick(0, 1));
  a.depth_multiplier = multiplier;
  const Shape in = {1, h, w, in_c};
  const Shape out = {1, (h + 2 * a.pad_top - a.kernel_h) / a.stride_h + 1,
                     (w + 2 * a.pad_left - a.kernel_w) / a.stride_w + 1, out_c};
  const int taps = a.kernel_h * a.kernel_w;
  const Shape thin = {1, a.kernel_h, a.kernel_w, out_c};
  const Shape full = {out_c, a.kernel_h, a.kernel_w, in_c};
  const Bytes weights = bytes(thin);
  Bytes spread(element_count(full), 0);
  for (int o = 0; o < out_c; ++o) {
    for (int t = 0; t < taps; ++t) {
      spread[(o * taps + t) * in_c + o / multiplier] = weights[t * out_c + o];
    }
  }
  const Tensor x = tensor(in, .1f, pick(-128, 127)), y = tensor(out, 9.f);
  One depthwise(OpKind::kDepthwiseConv2d,
                {x, constant(tensor(thin, .7f), raw(weights))}, {y}, a);
  One conv(OpKind::kConv2d, {x, constant(tensor(full, .7f), raw(spread))}, {y},
           a);
  const Bytes pixels = bytes(in);
  EXPECT_EQ(depthwise.run({pixels}), conv.run({pixels}))
      << "seed " << GetParam();
}

INSTANTIATE_TEST_SUITE_P(Seeds, Random, testing::Range(1, 41));

TEST(Frames, TypesOfTheFile) {
  // uint8 in, int8 within, float32 out.
  Graph graph;
  graph.name = "g";
  Tensor in = tensor({3}, .5f, -128), out = tensor({3});
  in.file_type = Type::kUint8;
  out.quant = {};
  out.type = out.file_type = Type::kFloat32;
  graph.tensors = {in, out};
  graph.ops = {{OpKind::kDequantize, {0}, {1}, {}}};
  graph.inputs = {0};
  graph.outputs = {0, 1};
  const std::vector<uint8_t> input = {0, 1, 255};
  const Values values = run_oracle(graph, input);
  EXPECT_EQ(values[0], raw({-128, -127, 127}));
  auto expected = input;
  const float reals[] = {0, .5f, 127.5f};
  const auto* bytes = reinterpret_cast<const uint8_t*>(reals);
  expected.insert(expected.end(), bytes, bytes + sizeof reals);
  EXPECT_EQ(model_output(graph, values), expected);
}

TEST(Frames, WrongSizeIsUsage) {
  Graph graph;
  graph.tensors = {tensor({3})};
  graph.inputs = {0};
  for (size_t n : {0, 2, 4}) {
    try {
      run_oracle(graph, std::vector<uint8_t>(n));
      FAIL();
    } catch (const Error& e) {
      EXPECT_EQ(e.code(), Exit::kUsage);
    }
  }
}

TEST(Frames, FloatInputIsQuantized) {
  Graph graph;
  Tensor in = tensor({3});
  in.type = in.file_type = Type::kFloat32;
  graph.tensors = {in, tensor({3}, .5f, 10)};
  graph.ops = {{OpKind::kQuantize, {0}, {1}, {}}};
  graph.inputs = {0};
  graph.outputs = {1};
  const float reals[] = {.25f, -.75f, 1e9f};
  std::vector<uint8_t> input(sizeof reals);
  std::memcpy(input.data(), reals, sizeof reals);
  EXPECT_EQ(model_output(graph, run_oracle(graph, input)), raw({11, 8, 127}));
}

}  // namespace
}  // namespace shoal
