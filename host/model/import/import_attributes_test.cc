// Constant operands, masks and paddings come out resolved.
#include <gtest/gtest.h>

#include "host/base/error.h"
#include "host/model/import/import.h"
#include "host/model/import/testing/model_builder.h"

namespace shoal {
namespace {

const ModelBuilder::Scale kInputScale{0.05f, 4};

Graph graph_of(ModelBuilder& b, int output) {
  b.output(output);
  return import_tflite(b.finish(), "model");
}

template <class A>
const A& last(const Graph& graph) {
  return std::get<A>(graph.ops.back().attr);
}

std::vector<int8_t> units(int64_t count) {
  return std::vector<int8_t>(static_cast<size_t>(count), 1);
}

WindowAttr conv_window(int height, int width, int kernel,
                       ModelBuilder::Window window) {
  ModelBuilder b;
  const int x = b.input({1, height, width, 1}, kInputScale);
  const int w =
      b.weights({1, kernel, kernel, 1}, units(kernel * kernel), {1}, 0);
  return last<WindowAttr>(graph_of(b, b.conv(x, w, -1, kInputScale, window)));
}

TEST(ImportAttributes, SamePaddingHasLessAtTopAndLeft) {
  const WindowAttr a = conv_window(8, 9, 3, {.stride_h = 2, .stride_w = 2});
  EXPECT_EQ(a.pad_top, 0);
  EXPECT_EQ(a.pad_left, 1);
  EXPECT_EQ(conv_window(5, 5, 4, {}).pad_top, 1);
  const WindowAttr wide = conv_window(9, 9, 3, {.dilation_h = 3});
  EXPECT_EQ(wide.pad_top, 3);
  EXPECT_EQ(wide.pad_left, 1);
  EXPECT_EQ(wide.dilation_h, 3);
  EXPECT_EQ(conv_window(9, 9, 3, {.same = false}).pad_top, 0);
}

TEST(ImportAttributes, ConvolutionKeepsItsWindow) {
  const WindowAttr a = conv_window(
      9, 9, 3,
      {.stride_h = 2, .stride_w = 3, .activation = Activation::kReluN1To1});
  EXPECT_EQ(a.kernel_h, 3);
  EXPECT_EQ(a.stride_h, 2);
  EXPECT_EQ(a.stride_w, 3);
  EXPECT_EQ(a.activation, Activation::kReluN1To1);
}

TEST(ImportAttributes, TransposedConvolutionPadsItsOutput) {
  ModelBuilder b;
  const int x = b.input({1, 3, 3, 1}, kInputScale);
  const int w = b.weights({1, 4, 4, 1}, units(16), {1}, 0);
  const int y = b.transpose_conv(x, w, -1, kInputScale, 6, 5,
                                 {.stride_h = 2, .stride_w = 2});
  const Graph graph = graph_of(b, y);
  EXPECT_EQ(graph.ops[0].inputs, (std::vector<int>{x, w, -1}));
  EXPECT_EQ(last<WindowAttr>(graph).pad_top, 1);
  EXPECT_EQ(last<WindowAttr>(graph).pad_left, 1);
}

TEST(ImportAttributes, DepthMultiplier) {
  ModelBuilder b;
  const int x = b.input({1, 3, 3, 2}, kInputScale);
  const int w = b.weights({1, 3, 3, 6}, units(54), {1}, 3);
  const Graph graph = graph_of(b, b.depthwise(x, w, -1, kInputScale));
  EXPECT_EQ(last<WindowAttr>(graph).depth_multiplier, 3);
}

TEST(ImportAttributes, AxesCountFromTheEnd) {
  ModelBuilder b;
  const int x = b.input({1, 2, 3, 4}, kInputScale);
  const int m = b.reduce(OpKind::kMean, x, {-3, 2, -1, 2}, false, kInputScale);
  EXPECT_EQ(b.shape(m), (Shape{1}));
  EXPECT_EQ(last<ReduceAttr>(graph_of(b, m)).reduced,
            (std::vector<bool>{false, true, true, true}));
  const int c = b.concatenation({x, x}, -1);
  EXPECT_EQ(last<AxisAttr>(graph_of(b, c)).axis, 3);
  b.output(b.split(x, -2, 3)[2]);
  const Graph graph = import_tflite(b.finish(), "model");
  EXPECT_EQ(last<AxisAttr>(graph).axis, 2);
  EXPECT_EQ(graph.ops.back().inputs, (std::vector<int>{x}));
  EXPECT_EQ(graph.ops.back().outputs.size(), 3u);
}

// As TensorFlow Lite Micro moves them.
TEST(ImportAttributes, BytesWithoutAScaleAreJoined) {
  const auto joined = [](bool all) {
    ModelBuilder b;
    const int x = b.input({1, 2, 3, 4}, kInputScale);
    const int y = b.concatenation({x, x}, 3);
    for (const int t : {x, y}) {
      if (t == y && !all) continue;
      b.raw().tensors[static_cast<size_t>(t)].scale.clear();
      b.raw().tensors[static_cast<size_t>(t)].zero.clear();
    }
    return graph_of(b, y);
  };
  EXPECT_EQ(last<AxisAttr>(joined(true)).axis, 3);
  try {
    joined(false);
    ADD_FAILURE();
  } catch (const Error& error) {
    EXPECT_NE(std::string(error.what()).find("has no scale"), std::string::npos)
        << error.what();
  }
}

TEST(ImportAttributes, Pads) {
  ModelBuilder b;
  const int x = b.input({1, 2, 3, 4}, kInputScale);
  const int p = b.pad(x, {0, 1, 2, 3}, {0, 4, 5, 6});
  PadAttr a = last<PadAttr>(graph_of(b, p));
  EXPECT_EQ(a.before, (std::vector<int>{0, 1, 2, 3}));
  EXPECT_EQ(a.after, (std::vector<int>{0, 4, 5, 6}));
  EXPECT_EQ(a.value, 4);
  const int v = b.padv2(x, {0, 1, 0, 0}, {0, 0, 0, 0}, -77);
  EXPECT_EQ(last<PadAttr>(graph_of(b, v)).value, -77);
}

TEST(ImportAttributes, PadValueOfUint8IsShifted) {
  ModelBuilder b(Type::kUint8);
  const int x = b.input({1, 2, 3, 4}, kInputScale);
  const int v = b.padv2(x, {0, 1, 0, 0}, {0, 0, 0, 0}, -77);
  EXPECT_EQ(b.data(b.raw().ops[0].inputs[2])[0], 51);
  EXPECT_EQ(last<PadAttr>(graph_of(b, v)).value, -77);
}

TEST(ImportAttributes, SliceToTheEnd) {
  ModelBuilder b;
  const int x = b.input({1, 5, 6, 2}, kInputScale);
  const int s = b.slice(x, {0, 1, 2, 0}, {1, -1, 3, 2});
  const Graph graph = graph_of(b, s);
  EXPECT_EQ(graph.tensors.back().name.substr(0, 1), "t");
  EXPECT_EQ(b.shape(s), (Shape{1, 4, 3, 2}));
  EXPECT_EQ(last<SliceAttr>(graph).begin, (std::vector<int>{0, 1, 2, 0}));
  EXPECT_EQ(last<SliceAttr>(graph).stride, (std::vector<int>{1, 1, 1, 1}));
}

TEST(ImportAttributes, StridedSliceMasksAreResolved) {
  ModelBuilder b;
  const int x = b.input({1, 5, 6, 7}, kInputScale);
  const int s = b.strided_slice(x, {.begin = {9, -1, 99, 3},
                                    .end = {0, -9, 99, 5},
                                    .stride = {1, -2, 4, 1},
                                    .begin_mask = 0b0101,
                                    .end_mask = 0b0101,
                                    .shrink_axis_mask = 0b1000});
  EXPECT_EQ(b.shape(s), (Shape{1, 3, 2}));
  const SliceAttr a = last<SliceAttr>(graph_of(b, s));
  EXPECT_EQ(a.begin, (std::vector<int>{0, 4, 0, 3}));
  EXPECT_EQ(a.stride, (std::vector<int>{1, -2, 4, 1}));
  EXPECT_EQ(a.dropped, (std::vector<bool>{false, false, false, true}));
}

TEST(ImportAttributes, PermutationResizeAndBlocks) {
  ModelBuilder b;
  const int x = b.input({1, 4, 6, 2}, kInputScale);
  const int t = b.transpose(x, {0, 3, 1, 2});
  EXPECT_EQ(last<TransposeAttr>(graph_of(b, t)).perm,
            (std::vector<int>{0, 3, 1, 2}));
  const int r = b.resize(x, 7, 9, true, false);
  const ResizeAttr resize = last<ResizeAttr>(graph_of(b, r));
  EXPECT_TRUE(resize.align_corners);
  EXPECT_FALSE(resize.half_pixel_centers);
  const int s = b.space_to_depth(x, 2);
  EXPECT_EQ(last<BlockAttr>(graph_of(b, s)).block, 2);
}

TEST(ImportAttributes, AlphaBetaAndFusedActivations) {
  ModelBuilder b;
  const int x = b.input({1, 4}, kInputScale);
  EXPECT_EQ(
      last<AlphaAttr>(graph_of(b, b.leaky_relu(x, 0.3f, kInputScale))).value,
      0.3f);
  EXPECT_EQ(last<AlphaAttr>(graph_of(b, b.softmax(x, 0.5f))).value, 0.5f);
  const int y = b.add(x, x, kInputScale, Activation::kRelu6);
  EXPECT_EQ(last<FusedAttr>(graph_of(b, y)).activation, Activation::kRelu6);
}

TEST(ImportAttributes, QuantizationPerChannelAndZeroPointOnce) {
  ModelBuilder b;
  const int x = b.input({1, 4, 4, 1}, kInputScale);
  const int w = b.weights({2, 1, 1, 1}, units(2), {0.5f, 0.25f}, 0);
  b.raw().tensors[static_cast<size_t>(w)].zero = {0};
  const Graph graph = graph_of(b, b.conv(x, w, b.bias({1, -2}), kInputScale));
  const Tensor& weights = graph.tensors[static_cast<size_t>(w)];
  EXPECT_EQ(weights.quant.scale, (std::vector<float>{0.5f, 0.25f}));
  EXPECT_EQ(weights.quant.zero, (std::vector<int32_t>{0, 0}));
  const Tensor& bias =
      graph.tensors[static_cast<size_t>(graph.ops[0].inputs[2])];
  EXPECT_EQ(bias.type, Type::kInt32);
  EXPECT_EQ(bias.data, (std::vector<uint8_t>{1, 0, 0, 0, 254, 255, 255, 255}));
}

}  // namespace
}  // namespace shoal
