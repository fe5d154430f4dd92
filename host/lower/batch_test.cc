#include "host/lower/batch.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "host/base/error.h"
#include "host/lower/testing/net_eval.h"
#include "host/lower/testing/test_graph.h"

namespace shoal {
namespace {

Net batched(const TestGraph& t, int frames) {
  Net net = batch_net(lower(t.graph), frames);
  EXPECT_EQ(net_faults(net), std::vector<std::string>{});
  EXPECT_EQ(net.frames, frames);
  return net;
}

TEST(Batch, OneFrameIsTheNetItself) {
  TestGraph t;
  t.graph.outputs = {t.conv(t.input({1, 4, 4, 2}), 3, window(3))};
  const Net net = batch_net(lower(t.graph), 1);
  EXPECT_EQ(net.frames, 1);
  EXPECT_EQ(net.tensors[0].rows, 4);
  EXPECT_EQ(net.layers[0].name, lower(t.graph).layers[0].name);
}

TEST(Batch, RowByRowAndTilingWindowsAreOneLayer) {
  TestGraph t;
  const int x = t.input({1, 6, 6, 4});
  const int pointwise = t.conv(x, 8, window(1));
  const int strided = t.conv(pointwise, 8, window(1, 2));
  const int tiles = t.depthwise(strided, window(3, 3));
  t.graph.outputs = {
      t.op(OpKind::kLeakyRelu, {tiles}, t.shape(tiles), AlphaAttr{0.3f})};
  const Net net = batched(t, 5);
  ASSERT_EQ(net.layers.size(), 4u);
  EXPECT_EQ(net.layers[0].out.box.rows(), 30);
  EXPECT_EQ(net.layers[1].out.box.rows(), 15);
  EXPECT_EQ(net.layers[2].stride_y, 3);
  EXPECT_EQ(net.outputs[0].place.view.box.rows(), 5);
  int64_t macs = 0;
  for (const Layer& l : net.layers) macs += l.macs;
  EXPECT_EQ(macs, net.model_macs);
}

TEST(Batch, OtherWindowsAreALayerForEachFrameWithTheSameWeights) {
  TestGraph t;
  t.graph.outputs = {t.conv(t.input({1, 6, 6, 4}), 8, window(3))};
  const Net net = batched(t, 3);
  ASSERT_EQ(net.layers.size(), 3u);
  for (int f = 0; f < 3; ++f) {
    const Layer& l = net.layers[static_cast<size_t>(f)];
    EXPECT_EQ(l.in[0].box, (Box{6 * f, 6 * f + 6, 0, 6, 0, 4}));
    EXPECT_EQ(l.out.box, (Box{4 * f, 4 * f + 4, 0, 4, 0, 8}));
    EXPECT_EQ(l.weights_of, f == 0 ? -1 : 0);
    EXPECT_EQ(l.weights.values, net.layers[0].weights.values);
    EXPECT_EQ(l.file_op, 0);
    EXPECT_NE(l.name.find("[" + std::to_string(f) + "]"), std::string::npos);
  }
}

// The next frame lies below a frame, not padding.
TEST(Batch, APaddedWindowDoesNotTile) {
  TestGraph t;
  const int x = t.pad(t.input({1, 4, 4, 2}), {0, 0, 0, 0}, {0, 1, 1, 0});
  t.graph.outputs = {t.conv(x, 2, window(3, 2))};
  EXPECT_EQ(lower(t.graph).layers.size(), 1u);
  EXPECT_EQ(batched(t, 2).layers.size(), 2u);
}

TEST(Batch, FullyConnectedIsAWindowThatStepsByItsHeight) {
  TestGraph t;
  const int x = t.conv(t.input({1, 6, 5, 2}), 2, window(3));
  t.graph.outputs = {t.fully_connected(t.reshape(x, {1, 24}), 24, 7)};
  const Net net = batched(t, 4);
  const Layer& l = net.layers.back();
  ASSERT_EQ(l.op, OpCode::kConv);
  EXPECT_EQ(l.kernel_h, 4);
  EXPECT_EQ(l.stride_y, 4);
  EXPECT_EQ(l.out.box.rows(), 4);
  EXPECT_EQ(l.macs, 4 * 24 * 7);
}

// More than 16 rows at once are more than a firing sees.
TEST(Batch, FullyConnectedOverManyRowsIsLaidOutFirst) {
  TestGraph t;
  const int x = t.conv(t.input({1, 8, 5, 2}), 2, window(1));
  t.graph.outputs = {t.fully_connected(t.reshape(x, {1, 80}), 80, 7)};
  EXPECT_EQ(batched(t, 2).layers.size(), 2u);
  const Net net = batched(t, 3);
  ASSERT_EQ(net.layers.size(), 3u);
  EXPECT_EQ(net.layers[1].op, OpCode::kReshape);
  EXPECT_EQ(net.layers[1].out.box, (Box{0, 3, 0, 1, 0, 80}));
  EXPECT_EQ(net.layers[2].kernel_h, 1);
  EXPECT_EQ(net.layers[2].stride_y, 1);
  EXPECT_EQ(net.layers[2].out.box.rows(), 3);
}

TEST(Batch, AConstantOperandIsThereOnce) {
  TestGraph t;
  const int x = t.input({1, 6, 5, 4});
  const int row = t.op(OpKind::kAdd, {x, t.constant({1, 1, 5, 4})},
                       {1, 6, 5, 4}, FusedAttr{});
  t.graph.outputs = {t.op(OpKind::kAdd, {row, t.constant({1, 6, 1, 4})},
                          {1, 6, 5, 4}, FusedAttr{})};
  const Net net = batched(t, 3);
  int constants = 0, sums = 0;
  for (const Layer& l : net.layers) {
    constants += l.op == OpCode::kConstant;
    sums += l.op == OpCode::kAdd;
    if (l.op == OpCode::kConstant) {
      EXPECT_EQ(net.tensors[l.out.tensor].frames, 1);
    }
  }
  EXPECT_EQ(constants, 2);
  EXPECT_EQ(sums, 1 + 3);  // what broadcasts along rows, and what does not
}

// An output that is some rows of a tensor.
TEST(Batch, AnOutputIsOneBoxOfAllFrames) {
  TestGraph t;
  const int x = t.conv(t.input({1, 6, 5, 2}), 2, window(1));
  SliceAttr a;
  a.begin = {0, 2, 0, 0};
  a.stride = {1, 1, 1, 1};
  a.dropped = {false, false, false, false};
  t.graph.outputs = {t.op(OpKind::kStridedSlice, {x}, {1, 3, 5, 2}, a)};
  const Net net = batched(t, 2);
  EXPECT_EQ(net.outputs[0].place.view.box.rows(), 6);
  EXPECT_EQ(frame_io(net, net.outputs[0], 1).place.view.box.y0, 3);
}

std::string refusal(const TestGraph& t, int frames) {
  try {
    batch_net(lower(t.graph), frames);
  } catch (const Error& e) {
    EXPECT_EQ(e.code(), Exit::kUnsupported);
    return std::string(e.what()) + "; " + e.fix();
  }
  return "none";
}

TEST(Batch, RefusalsNameTheTensorOrTheLayer) {
  TestGraph tall;
  tall.graph.outputs = {
      tall.conv(tall.input({1, 8000000, 1, 1}), 1, window(1))};
  EXPECT_EQ(refusal(tall, 2), "none");
  EXPECT_EQ(refusal(tall, 3),
            "tensor t0: 8000000 rows, 3 frames of them are more than 16777216; "
            "use a batch of at most 2");
  TestGraph wide;
  wide.graph.outputs = {wide.conv(wide.input({1, 5, 5, 1}), 1, window(3))};
  EXPECT_EQ(refusal(wide, 255), "none");
  EXPECT_EQ(refusal(wide, 256),
            "t3 [255]: more than 255 layers write or read its tensors in a "
            "batch of 256; use a smaller batch");
}

}  // namespace
}  // namespace shoal
