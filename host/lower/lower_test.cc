#include <gtest/gtest.h>

#include <algorithm>

#include "device/base/fixed_point.h"
#include "host/base/error.h"
#include "host/lower/testing/net_eval.h"
#include "host/lower/testing/test_graph.h"

namespace shoal {
namespace {

int count(const Net& net, OpCode op) {
  return static_cast<int>(
      std::count_if(net.layers.begin(), net.layers.end(),
                    [&](const Layer& l) { return l.op == op; }));
}

Net lowered(const TestGraph& t) {
  Net net = lower(t.graph);
  EXPECT_EQ(net_faults(net), std::vector<std::string>{});
  return net;
}

TEST(Lower, WholePictureIsTheKernelOfFullyConnected) {
  TestGraph t;
  const int x = t.input({1, 6, 5, 2});
  t.graph.outputs = {t.fully_connected(t.reshape(x, {1, 60}), 60, 7)};
  const Net net = lowered(t);
  ASSERT_EQ(net.layers.size(), 1u);
  const Layer& l = net.layers[0];
  EXPECT_EQ(l.op, OpCode::kConv);
  EXPECT_EQ(l.kernel_h, 6);
  EXPECT_EQ(l.kernel_w, 5);
  EXPECT_EQ(l.out.box, (Box{0, 1, 0, 1, 0, 7}));
  EXPECT_EQ(l.macs, 420);
}

TEST(Lower, FullyConnectedPermutesItsWeightsInsteadOfThePicture) {
  TestGraph t;
  const int x = t.input({1, 3, 2, 2});
  const int y = t.conv(x, 2, window(1));
  const int nchw = t.transpose(y, {0, 3, 1, 2});
  t.graph.outputs = {t.fully_connected(t.reshape(nchw, {1, 12}), 12, 1)};
  const Net net = lowered(t);
  ASSERT_EQ(net.layers.size(), 2u);
  const Op& op = t.graph.ops.back();
  const auto& file = t.graph.tensors[op.inputs[1]].data;
  // Stored element (y, x, c) is number c * 6 + y * 2 + x of the file.
  for (int k = 0; k < 12; ++k) {
    EXPECT_EQ(static_cast<uint8_t>(net.layers[1].weights.values[k]),
              file[k % 2 * 6 + k / 2]);
  }
}

TEST(Lower, FullyConnectedPerPixelIsPointwise) {
  TestGraph t;
  const int x = t.input({1, 4, 5, 6});
  t.graph.outputs = {t.fully_connected(x, 6, 3)};
  const Net net = lowered(t);
  ASSERT_EQ(net.layers.size(), 1u);
  EXPECT_EQ(net.layers[0].kernel_w, 1);
  EXPECT_EQ(net.layers[0].out.box, (Box{0, 4, 0, 5, 0, 3}));
}

TEST(Lower, BiasHoldsTheZeroPoint) {
  TestGraph t;
  const int x = t.input({1, 4, 4, 2});
  t.graph.outputs = {t.conv(x, 1, window(3))};
  const Layer l = lowered(t).layers[0];
  const Op& op = t.graph.ops[0];
  int32_t bias;
  std::memcpy(&bias, t.graph.tensors[op.inputs[2]].data.data(), 4);
  int sum = 0;
  for (int8_t w : l.weights.values) sum += w;
  EXPECT_EQ(l.zero_in, 3);
  EXPECT_EQ(l.weights.bias[0], bias - 3 * sum);
}

TEST(Lower, ConvolutionsTakeOverAPad) {
  TestGraph t;
  const int x = t.input({1, 5, 6, 2});
  const int p = t.pad(x, {0, 1, 2, 0}, {0, 1, 0, 0});
  t.graph.outputs = {t.conv(p, 3, window(3, 2)), t.depthwise(p, window(2))};
  const Net net = lowered(t);
  ASSERT_EQ(net.layers.size(), 2u);
  for (const Layer& l : net.layers) {
    EXPECT_EQ(l.pad_top, 1);
    EXPECT_EQ(l.pad_left, 2);
    EXPECT_EQ(l.in[0].tensor, net.inputs[0].place.view.tensor);
  }
  EXPECT_FALSE(net.places[p]);
  EXPECT_EQ(net.layers[0].out.box, (Box{0, 3, 0, 3, 0, 3}));
}

TEST(Lower, PadsOfOtherReadersValuesOrAxesStay) {
  {
    TestGraph t;
    const int p = t.pad(t.input({1, 5, 6, 2}), {0, 1, 1, 0}, {0, 0, 0, 0});
    t.graph.outputs = {t.conv(p, 3, window(3)), p};
    EXPECT_EQ(count(lowered(t), OpCode::kMove), 1);
  }
  {
    TestGraph t;
    const int p = t.pad(t.input({1, 5, 6, 2}), {0, 1, 1, 1}, {0, 0, 0, 0});
    t.graph.outputs = {t.conv(p, 3, window(3))};
    EXPECT_EQ(count(lowered(t), OpCode::kMove), 1);
  }
  {
    TestGraph t;
    const int p = t.pad(t.input({1, 5, 6, 2}), {0, 1, 1, 0}, {0, 0, 0, 0});
    std::get<PadAttr>(t.graph.ops[0].attr).value = 4;
    t.graph.outputs = {t.conv(p, 3, window(3))};
    EXPECT_EQ(count(lowered(t), OpCode::kMove), 1);
  }
  {
    TestGraph t;
    const int p = t.pad(t.input({1, 5, 6, 2}), {0, 1, 1, 0}, {0, 0, 0, 0});
    t.graph.outputs = {t.op(OpKind::kMaxPool2d, {p}, {1, 4, 5, 2}, window(3))};
    EXPECT_EQ(count(lowered(t), OpCode::kMove), 1);
  }
}

TEST(Lower, ChannelsFirstInputIsStoredForItsConvolution) {
  TestGraph t;
  const int x = t.input({1, 3, 8, 9});
  const int nhwc =
      t.transpose(t.op(OpKind::kRelu, {x}, {1, 3, 8, 9}), {0, 2, 3, 1});
  t.graph.tensors[t.graph.ops[0].outputs[0]].quant = {{0.06f}, {3}, 0};
  t.graph.outputs = {t.conv(nhwc, 4, window(3))};
  const Net net = lowered(t);
  EXPECT_EQ(count(net, OpCode::kTranspose), 0);
  EXPECT_EQ(net.inputs[0].place.perm, (std::vector<int>{0, 2, 3, 1}));
  EXPECT_EQ(net.inputs[0].place.view.box, (Box{0, 8, 0, 9, 0, 3}));
}

TEST(Lower, InputIsStoredAsItsReshapeWants) {
  TestGraph t;
  const int x = t.input({1, 60});
  t.graph.outputs = {t.conv(t.reshape(x, {1, 5, 4, 3}), 2, window(3))};
  const Net net = lowered(t);
  EXPECT_EQ(count(net, OpCode::kReshape), 0);
  EXPECT_EQ(net.inputs[0].place.view.box, (Box{0, 5, 0, 4, 0, 3}));
}

TEST(Lower, MeansFollowATranspose) {
  TestGraph t;
  const int x = t.conv(t.input({1, 4, 5, 3}), 6, window(1));
  const int nchw = t.transpose(x, {0, 3, 1, 2});
  const int rows = t.reduce(OpKind::kMean, nchw, {0, 0, 0, 1}, false);
  t.graph.outputs = {t.reduce(OpKind::kMean, rows, {0, 0, 1}, false)};
  const Net net = lowered(t);
  ASSERT_EQ(net.layers.size(), 3u);
  EXPECT_TRUE(net.layers[1].reduce_columns);
  EXPECT_EQ(net.layers[1].kernel_h, 1);
  EXPECT_EQ(net.layers[2].kernel_h, 4);
  EXPECT_EQ(net.places[nchw]->perm, (std::vector<int>{0, 2, 3, 1}));
}

TEST(Lower, OnlyOperatorsThatMustTranspose) {
  TestGraph t;
  const int x = t.conv(t.input({1, 4, 5, 3}), 6, window(1));
  const int turned = t.transpose(x, {0, 2, 1, 3});
  t.graph.outputs = {t.conv(turned, 2, window(3)),
                     t.conv(turned, 3, window(2))};
  const Net net = lowered(t);
  EXPECT_EQ(count(net, OpCode::kTranspose), 1);
}

TEST(Lower, ConcatenationHasManyWriters) {
  TestGraph t;
  const int x = t.input({1, 4, 5, 3});
  const int a = t.conv(x, 2, window(1)), b = t.conv(x, 4, window(1));
  const int inner = t.concatenation({a, b}, 3);
  const int c = t.conv(x, 1, window(1));
  const int outer = t.concatenation({c, inner}, 3);
  t.graph.outputs = {t.conv(outer, 2, window(1)), b};
  const Net net = lowered(t);
  EXPECT_EQ(count(net, OpCode::kMove), 0);
  EXPECT_EQ(net.tensors.size(), 3u);
  EXPECT_EQ(net.places[a]->view.box, (Box{0, 4, 0, 5, 1, 3}));
  EXPECT_EQ(net.outputs[1].place.view.box, (Box{0, 4, 0, 5, 3, 7}));
  EXPECT_EQ(net.places[outer]->view.box, (Box{0, 4, 0, 5, 0, 7}));
}

TEST(Lower, ConcatenationCopiesWhatIsReadBefore) {
  TestGraph t;
  const int x = t.input({1, 4, 5, 3});
  const int a = t.conv(x, 2, window(1));
  const int b = t.conv(a, 2, window(1));  // a row of both would wait for b
  t.graph.outputs = {t.concatenation({x, a, b, b}, 3)};
  const Net net = lowered(t);
  EXPECT_EQ(count(net, OpCode::kMove), 4);
}

TEST(Lower, ConcatenationOfRowsHasManyWriters) {
  TestGraph t;
  const int x = t.input({1, 4, 5, 3});
  const int a = t.conv(x, 2, window(1)), b = t.conv(x, 2, window(1));
  t.graph.outputs = {t.concatenation({a, b}, 1), a};
  const Net net = lowered(t);
  EXPECT_EQ(count(net, OpCode::kMove), 0);
  EXPECT_EQ(net.layers[1].out.box, (Box{4, 8, 0, 5, 0, 2}));
}

TEST(Lower, SplitsAndSlicesAreBoxes) {
  TestGraph t;
  const int x = t.input({1, 4, 6, 4});
  const int a = t.tensor({1, 4, 3, 4}), b = t.tensor({1, 4, 3, 4});
  t.graph.ops.push_back({OpKind::kSplit, {x}, {a, b}, AxisAttr{2}});
  const int s =
      t.op(OpKind::kStridedSlice, {b}, {2, 3, 2},
           SliceAttr{{0, 1, 0, 1}, {1, 1, 1, 1}, {true, false, false, false}});
  t.graph.outputs = {a, s, x};
  const Net net = lowered(t);
  EXPECT_TRUE(net.layers.empty());
  EXPECT_EQ(net.places[a]->view.box, (Box{0, 4, 0, 3, 0, 4}));
  EXPECT_EQ(net.places[s]->view.box, (Box{1, 3, 3, 6, 1, 3}));
}

TEST(Lower, StridesAreMoves) {
  TestGraph t;
  const int x = t.input({1, 5, 6, 4});
  t.graph.outputs = {t.op(
      OpKind::kStridedSlice, {x}, {1, 3, 6, 2},
      SliceAttr{{0, 4, 0, 1}, {1, -2, 1, 2}, {false, false, false, false}})};
  const Net net = lowered(t);
  ASSERT_EQ(net.layers.size(), 1u);
  EXPECT_EQ(net.layers[0].params, (std::vector<int32_t>{-2, 4, 1, 0, 2, 1, 0}));
}

TEST(Lower, PicturesOfABatchAreLayersOfTheirOwn) {
  TestGraph t;
  const int x = t.input({2, 5, 4, 3});
  const int y = t.conv(x, 2, window(3));
  t.graph.outputs = {t.conv(y, 4, window(1))};
  const Net net = lowered(t);
  ASSERT_EQ(net.layers.size(), 3u);
  EXPECT_EQ(net.layers[1].in[0].box, (Box{5, 10, 0, 4, 0, 3}));
  EXPECT_EQ(net.layers[1].out.box, (Box{3, 6, 0, 2, 0, 2}));
  EXPECT_EQ(net.layers[2].out.box, (Box{0, 6, 0, 2, 0, 4}));
  int64_t macs = 0;
  for (const Layer& l : net.layers) macs += l.macs;
  EXPECT_EQ(macs, net.model_macs);
}

TEST(Lower, ConstantsFollowTheOrderOfTheOtherOperand) {
  TestGraph t;
  const int x = t.conv(t.input({1, 2, 3, 3}), 2, window(1));
  const int nchw = t.transpose(x, {0, 3, 1, 2});
  const int c = t.constant({2, 2, 1});
  t.graph.outputs = {t.add(c, nchw)};
  const Net net = lowered(t);
  EXPECT_EQ(count(net, OpCode::kTranspose), 0);
  const Layer& l = net.layers.back();
  EXPECT_EQ(l.in[0].box, (Box{0, 2, 0, 1, 0, 2}));
  EXPECT_EQ(l.in[1].box, (Box{0, 2, 0, 3, 0, 2}));
  const auto& data = t.graph.tensors[c].data;
  const Layer& rows = net.layers[net.layers.size() - 2];
  ASSERT_EQ(rows.op, OpCode::kConstant);
  for (int k = 0; k < 4; ++k) {
    EXPECT_EQ(static_cast<uint8_t>(rows.weights.values[k]),
              data[k % 2 * 2 + k / 2]);
  }
}

TEST(Lower, IdentitiesLeaveNothing) {
  TestGraph t;
  const int x = t.input({1, 4, 4, 2});
  const int q = t.op(OpKind::kQuantize, {x}, {1, 4, 4, 2});
  t.graph.outputs = {t.reshape(q, {4, 8}), x};
  const Net net = lowered(t);
  EXPECT_TRUE(net.layers.empty());
  EXPECT_EQ(net.places[q]->view, net.places[x]->view);
}

TEST(Lower, OneByteOfAConstantIsATable) {
  TestGraph t;
  const int x = t.conv(t.input({1, 3, 4, 2}), 2, window(1));
  const int y = t.add(t.constant({1, 1}), x);
  t.graph.outputs = {t.op(OpKind::kMul, {y, y}, t.shape(y), FusedAttr{})};
  const Net net = lowered(t);
  ASSERT_EQ(net.layers.size(), 3u);
  EXPECT_EQ(count(net, OpCode::kLut), 2);
}

TestGraph float_ends() {
  TestGraph t;
  const int f = t.input({1, 4, 4, 2});
  t.graph.tensors[f].type = t.graph.tensors[f].file_type = Type::kFloat32;
  t.graph.tensors[f].quant = {};
  const int q = t.op(OpKind::kQuantize, {f}, {1, 4, 4, 2});
  const int y = t.conv(q, 2, window(3));
  const int g = t.op(OpKind::kDequantize, {y}, t.shape(y));
  t.graph.tensors[g].type = t.graph.tensors[g].file_type = Type::kFloat32;
  t.graph.tensors[g].quant = {};
  t.graph.outputs = {g};
  return t;
}

TEST(Lower, FloatEndsAreConversions) {
  const TestGraph t = float_ends();
  const Net net = lowered(t);
  ASSERT_EQ(net.layers.size(), 1u);
  for (const NetIo& io : {net.inputs[0], net.outputs[0]}) {
    EXPECT_EQ(io.conversion, Conversion::kQuantize);
    EXPECT_EQ(io.scale, 0.05f);
    EXPECT_EQ(io.zero, 3);
  }
  EXPECT_FALSE(net.places[net.inputs[0].file_tensor]);
  EXPECT_FALSE(net.places[net.outputs[0].file_tensor]);
  EXPECT_TRUE(net.places[1]);
}

TEST(Lower, AllUnsupportedOperatorsAreNamed) {
  TestGraph t = float_ends();
  const int g = t.graph.outputs[0];
  const int a = t.op(OpKind::kRelu, {g}, t.shape(g));
  const int b = t.op(OpKind::kQuantize, {g}, t.shape(g));
  t.graph.outputs = {a, b};
  try {
    lower(t.graph);
    FAIL();
  } catch (const Error& e) {
    EXPECT_EQ(e.code(), Exit::kUnsupported);
    const std::string what = e.what();
    EXPECT_NE(what.find("operator 2, DEQUANTIZE"), std::string::npos) << what;
    EXPECT_NE(what.find("operator 3, RELU"), std::string::npos) << what;
    EXPECT_NE(what.find("operator 4, QUANTIZE"), std::string::npos) << what;
  }
}

TEST(Lower, ShiftedFileTypesAreFlipped) {
  TestGraph t;
  const int x = t.input({1, 4, 4, 2});
  t.graph.tensors[x].file_type = Type::kUint8;
  t.graph.outputs = {x};
  const Net net = lowered(t);
  EXPECT_EQ(net.inputs[0].conversion, Conversion::kFlip);
  EXPECT_EQ(net.outputs[0].conversion, Conversion::kFlip);
}

TEST(Lower, GlobalPoolsSeeThePictureOnly) {
  TestGraph t;
  const int x = t.input({1, 3, 4, 2});
  WindowAttr a = window(9, 9);
  a.pad_top = a.pad_left = 2;
  t.graph.outputs = {t.op(OpKind::kAveragePool2d, {x}, {1, 1, 1, 2}, a)};
  const Layer l = lowered(t).layers[0];
  EXPECT_EQ(l.kernel_h, 3);
  EXPECT_EQ(l.kernel_w, 4);
  EXPECT_EQ(l.pad_top, 0);
}

}  // namespace
}  // namespace shoal
