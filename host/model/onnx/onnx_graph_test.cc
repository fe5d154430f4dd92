// These tests check what nodes become: operators, paddings, layouts, names.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <limits>

#include "host/model/onnx/onnx.h"
#include "host/model/onnx/testing/onnx_builder.h"

namespace shoal {
namespace {

using Kinds = std::vector<OpKind>;
using enum OpKind;

Kinds kinds(const Graph& graph) {
  Kinds out;
  for (const Op& op : graph.ops) out.push_back(op.kind);
  return out;
}

const Tensor& tensor(const Graph& graph, int t) {
  return graph.tensors[static_cast<size_t>(t)];
}
const Tensor& output(const Graph& graph) {
  return tensor(graph, graph.outputs[0]);
}
Floats values(const Tensor& t) {
  Floats out(t.data.size() / 4);
  std::memcpy(out.data(), t.data.data(), t.data.size());
  return out;
}
Graph imported(const OnnxBuilder& b) { return import_onnx(b.finish(), "m"); }

// Conv of 1xCxHxW with 3x3.
Graph conv(const Ints& dims, const std::vector<OnnxField>& attributes) {
  OnnxBuilder b;
  b.input("x", dims);
  b.floats("w", {4, dims[1], 3, 3}, some_floats(36 * dims[1]));
  b.node("Conv", {"x", "w"}, "y", attributes);
  b.output("y");
  return imported(b);
}
const OnnxField kOnes{"pads", Ints{1, 1, 1, 1}};
const OnnxField kTwos{"strides", Ints{2, 2}};

TEST(OnnxGraph, SamePaddingsStayInTheOperator) {
  const Graph g = conv({1, 2, 8, 9}, {kOnes});
  EXPECT_EQ(kinds(g), Kinds{kConv2d});
  const auto& a = std::get<WindowAttr>(g.ops[0].attr);
  EXPECT_EQ(a.pad_top, 1);
  EXPECT_EQ(a.pad_left, 1);
  EXPECT_EQ(output(g).shape, (Shape{1, 8, 9, 4}));
  EXPECT_EQ(output(g).name, "y");
  EXPECT_EQ(tensor(g, g.inputs[0]).shape, (Shape{1, 8, 9, 2}));
  EXPECT_EQ(tensor(g, g.inputs[0]).name, "x");
  EXPECT_TRUE(is_float(g));
}

TEST(OnnxGraph, OtherPaddingsGoInFront) {
  // SAME of 8 with stride 2 pads behind; torch pads in front.
  const Graph g = conv({1, 2, 8, 8}, {kOnes, kTwos});
  EXPECT_EQ(kinds(g), (Kinds{kPad, kConv2d}));
  const auto& pad = std::get<PadAttr>(g.ops[0].attr);
  EXPECT_EQ(pad.before, (std::vector<int>{0, 1, 1, 0}));
  EXPECT_EQ(pad.after, (std::vector<int>{0, 0, 0, 0}));  // nobody reaches it
  EXPECT_EQ(std::get<WindowAttr>(g.ops[1].attr).pad_top, 0);
  EXPECT_EQ(output(g).shape, (Shape{1, 4, 4, 4}));
  // With a side of 7 the padding is SAME.
  EXPECT_EQ(kinds(conv({1, 2, 7, 7}, {kOnes, kTwos})), Kinds{kConv2d});
  // One side SAME and one VALID is neither.
  EXPECT_EQ(kinds(conv({1, 2, 7, 7}, {{"pads", Ints{1, 0, 1, 0}}})),
            (Kinds{kPad, kConv2d}));
}

// x of 1x2x4x5 with `pads` in that mode.
Graph padded(const char* mode, const Ints& pads) {
  OnnxBuilder b;
  b.input("x", {1, 2, 4, 5});
  b.ints("p", {8}, pads);
  b.node("Pad", {"x", "p"}, "y", {{"mode", std::string(mode)}});
  b.output("y");
  return imported(b);
}

TEST(OnnxGraph, ReflectedPaddingsAreAMirror) {
  const Graph g = padded("reflect", {0, 0, 3, 1, 0, 1, 0, 4});
  ASSERT_EQ(kinds(g), Kinds{kMirrorPad});
  const auto& a = std::get<MirrorAttr>(g.ops[0].attr);
  EXPECT_EQ(a.before, (std::vector<int>{0, 3, 1, 0}));
  EXPECT_EQ(a.after, (std::vector<int>{0, 0, 4, 1}));
  EXPECT_FALSE(a.repeats_edge);
  EXPECT_EQ(output(g).shape, (Shape{1, 7, 10, 3}));
  EXPECT_EQ(output(g).name, "y");
}

// 1, 2, 4 ... equal ones mirrored.
TEST(OnnxGraph, RepeatedEdgesAreMirrorsOfThemselves) {
  EXPECT_EQ(kinds(padded("edge", {0, 0, 1, 1, 0, 0, 1, 1})), Kinds{kMirrorPad});
  const Graph g = padded("edge", {0, 0, 5, 0, 0, 0, 0, 2});
  ASSERT_EQ(kinds(g), (Kinds{kMirrorPad, kMirrorPad, kMirrorPad}));
  const int expected[][2] = {{1, 1}, {2, 1}, {2, 0}};
  for (size_t i = 0; i < 3; ++i) {
    const auto& a = std::get<MirrorAttr>(g.ops[i].attr);
    EXPECT_TRUE(a.repeats_edge);
    EXPECT_EQ(a.before[1], expected[i][0]);
    EXPECT_EQ(a.after[2], expected[i][1]);
  }
  EXPECT_EQ(output(g).shape, (Shape{1, 9, 7, 2}));
}

TEST(OnnxGraph, AutomaticPaddings) {
  const auto automatic = [](const char* word) {
    return conv({1, 2, 8, 8}, {{"auto_pad", std::string(word)}, kTwos});
  };
  EXPECT_EQ(kinds(automatic("SAME_UPPER")), Kinds{kConv2d});
  const Graph lower = automatic("SAME_LOWER");
  EXPECT_EQ(kinds(lower), (Kinds{kPad, kConv2d}));
  EXPECT_EQ(output(lower).shape, (Shape{1, 4, 4, 4}));
  EXPECT_EQ(output(automatic("VALID")).shape, (Shape{1, 3, 3, 4}));
}

TEST(OnnxGraph, WeightsAreOhwiAndDepthwise1hwc) {
  OnnxBuilder b;
  b.input("x", {1, 2, 4, 4});
  Floats w;
  for (int i = 0; i < 16; ++i) w.push_back(static_cast<float>(i));
  b.floats("w", {2, 2, 2, 2}, w);
  b.floats("d", {4, 1, 2, 2}, w);
  b.node("Conv", {"x", "w"}, "y");
  b.node("Conv", {"y", "d"}, "z", {{"group", int64_t{2}}});
  b.output("z");
  const Graph g = imported(b);
  EXPECT_EQ(kinds(g), (Kinds{kConv2d, kDepthwiseConv2d}));
  const Tensor& ohwi = tensor(g, g.ops[0].inputs[1]);
  EXPECT_EQ(ohwi.name, "w");
  EXPECT_EQ(values(ohwi),
            (Floats{0, 4, 1, 5, 2, 6, 3, 7, 8, 12, 9, 13, 10, 14, 11, 15}));
  const Tensor& hwc = tensor(g, g.ops[1].inputs[1]);
  EXPECT_EQ(hwc.shape, (Shape{1, 2, 2, 4}));
  EXPECT_EQ(values(hwc),
            (Floats{0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15}));
  EXPECT_EQ(std::get<WindowAttr>(g.ops[1].attr).depth_multiplier, 2);
  EXPECT_EQ(g.ops[0].inputs[2], -1);
}

TEST(OnnxGraph, BatchNormFoldsIntoTheConvolution) {
  OnnxBuilder b;
  b.input("x", {1, 1, 2, 2});
  b.floats("w", {2, 1, 1, 1}, {1, 2});
  b.floats("gamma", {2}, {3, 1});
  b.floats("beta", {2}, {1, -1});
  b.floats("mean", {2}, {2, 4});
  b.floats("variance", {2}, {4, 16});
  b.node("Conv", {"x", "w"}, "y");
  b.node("BatchNormalization", {"y", "gamma", "beta", "mean", "variance"}, "n",
         {{"epsilon", 0.f}});
  b.node("Relu", {"n"}, "r");
  b.output("r");
  const Graph g = imported(b);
  ASSERT_EQ(kinds(g), Kinds{kConv2d});
  EXPECT_EQ(values(tensor(g, g.ops[0].inputs[1])), (Floats{1.5f, 0.5f}));
  EXPECT_EQ(values(tensor(g, g.ops[0].inputs[2])), (Floats{-2, -2}));
  EXPECT_EQ(std::get<WindowAttr>(g.ops[0].attr).activation, Activation::kRelu);
  EXPECT_EQ(g.tensors.size(), 4u);
}

void add_norm(OnnxBuilder& b, const std::string& x, const std::string& y) {
  b.floats("gamma", {2}, {3, 1});
  b.floats("beta", {2}, {1, -1});
  b.floats("mean", {2}, {2, 4});
  b.floats("variance", {2}, {4, 16});
  b.node("BatchNormalization", {x, "gamma", "beta", "mean", "variance"},
         y.c_str(), {{"epsilon", 0.f}});
}

// Layers of one dimension, as torch exports Conv1d, BatchNorm1d and ReLU.
TEST(OnnxGraph, BatchNormFoldsIntoAConvolutionOfOneDimension) {
  OnnxBuilder b;
  b.input("x", {1, 1, 4});
  b.floats("w", {2, 1, 1}, {1, 2});
  b.floats("v", {1, 2, 3}, some_floats(6));
  b.node("Conv", {"x", "w"}, "y");
  add_norm(b, "y", "n");
  b.node("Relu", {"n"}, "r");
  b.node("Conv", {"r", "v"}, "z");
  b.output("z");
  const Graph g = imported(b);
  const Kinds all = kinds(g);
  EXPECT_EQ(std::ranges::count(all, kConv2d), 2);
  EXPECT_EQ(std::ranges::count(all, kMul) + std::ranges::count(all, kAdd), 0);
  const auto first = std::ranges::find(g.ops, kConv2d, &Op::kind);
  EXPECT_EQ(values(tensor(g, first->inputs[1])), (Floats{1.5f, 0.5f}));
  EXPECT_EQ(values(tensor(g, first->inputs[2])), (Floats{-2, -2}));
  EXPECT_EQ(std::get<WindowAttr>(first->attr).activation, Activation::kRelu);
  // Nothing lies between the two convolutions.
  EXPECT_EQ((first + 1)->kind, kConv2d);
}

// The same as layers of two dimensions between Unsqueeze and Squeeze; the bias
// is an addition.
TEST(OnnxGraph, WhatStandsForOneDimensionIsLookedThrough) {
  OnnxBuilder b;
  b.input("x", {1, 1, 4});
  b.ints("axis", {1}, {2});
  b.floats("w", {2, 1, 1, 1}, {1, 2});
  b.floats("bias", {2, 1}, {2, 6});
  b.node("Unsqueeze", {"x", "axis"}, "x4");
  b.node("Conv", {"x4", "w"}, "y4");
  b.node("Squeeze", {"y4", "axis"}, "y");
  b.node("Add", {"y", "bias"}, "z");
  add_norm(b, "z", "n");
  b.output("n");
  const Graph g = imported(b);
  const auto conv = std::ranges::find(g.ops, kConv2d, &Op::kind);
  ASSERT_NE(conv, g.ops.end());
  EXPECT_EQ(values(tensor(g, conv->inputs[1])), (Floats{1.5f, 0.5f}));
  EXPECT_EQ(values(tensor(g, conv->inputs[2])), (Floats{1, -0.5f}));
  for (const Kinds all = kinds(g); const OpKind kind : all) {
    EXPECT_TRUE(kind == kConv2d || kind == kReshape || kind == kTranspose);
  }
}

TEST(OnnxGraph, ChannelsThatAReshapeMixesAreNotFolded) {
  OnnxBuilder b;
  b.input("x", {1, 1, 1, 4});
  b.floats("w", {4, 1, 1, 1}, {1, 2, 3, 4});
  b.ints("shape", {3}, {1, 2, 8});
  b.node("Conv", {"x", "w"}, "y4");
  b.node("Reshape", {"y4", "shape"}, "y");
  add_norm(b, "y", "n");
  b.output("n");
  const Kinds all = kinds(imported(b));
  EXPECT_EQ(std::ranges::count(all, kMul), 1);
  EXPECT_EQ(std::ranges::count(all, kAdd), 1);
}

TEST(OnnxGraph, WhatOthersReadIsNotFused) {
  OnnxBuilder b;
  b.input("x", {1, 1, 2, 2});
  b.floats("w", {1, 1, 1, 1}, {2});
  b.node("Conv", {"x", "w"}, "y");
  b.node("Relu", {"y"}, "r");
  b.node("Add", {"r", "y"}, "z");
  b.output("z");
  EXPECT_EQ(kinds(imported(b)), (Kinds{kConv2d, kRelu, kAdd}));
}

TEST(OnnxGraph, OutputsAreNotFused) {
  OnnxBuilder b;
  b.input("x", {1, 1, 2, 2});
  b.floats("w", {1, 1, 1, 1}, {2});
  b.node("Conv", {"x", "w"}, "y");
  b.node("Relu", {"y"}, "r");
  b.output("r");
  b.output("y");
  const Graph g = imported(b);
  EXPECT_EQ(kinds(g), (Kinds{kConv2d, kRelu}));
  EXPECT_EQ(tensor(g, g.outputs[1]).name, "y");
}

TEST(OnnxGraph, Clips) {
  const auto clip = [](float low, float high, bool behind_conv) {
    OnnxBuilder b;
    b.input("x", {1, 1, 2, 2});
    b.floats("w", {1, 1, 1, 1}, {2});
    b.number("low", low);
    b.number("high", high);
    if (behind_conv) b.node("Conv", {"x", "w"}, "v");
    b.node("Clip", {behind_conv ? "v" : "x", "low", "high"}, "y");
    b.output("y");
    return imported(b);
  };
  const auto activation = [&](float low, float high) {
    const Graph g = clip(low, high, true);
    EXPECT_EQ(g.ops.size(), 1u);
    return std::get<WindowAttr>(g.ops[0].attr).activation;
  };
  EXPECT_EQ(activation(0, 6), Activation::kRelu6);
  EXPECT_EQ(activation(-1, 1), Activation::kReluN1To1);
  EXPECT_EQ(activation(0, 3.402823466e38f), Activation::kRelu);
  EXPECT_EQ(kinds(clip(0, 6, false)), Kinds{kRelu6});
  EXPECT_EQ(kinds(clip(0, 1, false)), (Kinds{kRelu, kMinimum}));
  EXPECT_EQ(kinds(clip(-1, 1, false)), (Kinds{kMaximum, kMinimum}));
}

// As tf2onnx and keras write it: [1, H, W, C] with transposes around.
TEST(OnnxGraph, InputsThatLieAsNhwcStay) {
  OnnxBuilder b;
  b.input("x", {-1, 6, 5, 3});
  b.floats("scale", {3}, {0.5f, 0.25f, 2});
  b.node("Mul", {"x", "scale"}, "scaled");
  b.node("Transpose", {"scaled"}, "nchw", {{"perm", Ints{0, 3, 1, 2}}});
  b.floats("w", {4, 3, 1, 1}, some_floats(12));
  b.node("Conv", {"nchw", "w"}, "v");
  b.node("Transpose", {"v"}, "y", {{"perm", Ints{0, 2, 3, 1}}});
  b.output("y");
  const Graph g = imported(b);
  EXPECT_EQ(kinds(g), (Kinds{kMul, kConv2d}));
  EXPECT_EQ(tensor(g, g.inputs[0]).shape, (Shape{1, 6, 5, 3}));
  EXPECT_EQ(output(g).shape, (Shape{1, 6, 5, 4}));
  EXPECT_EQ(output(g).name, "y");
}

TEST(OnnxGraph, KerasDense) {
  OnnxBuilder b;
  b.input("x", {1, 4, 4, 2});
  b.node("Transpose", {"x"}, "nchw", {{"perm", Ints{0, 3, 1, 2}}});
  b.node("MaxPool", {"nchw"}, "p",
         {{"kernel_shape", Ints{2, 2}}, {"strides", Ints{2, 2}}});
  b.node("Transpose", {"p"}, "nhwc", {{"perm", Ints{0, 2, 3, 1}}});
  b.ints("s", {2}, {-1, 8});
  b.node("Reshape", {"nhwc", "s"}, "f");
  b.floats("m", {8, 3}, some_floats(24));
  b.node("MatMul", {"f", "m"}, "d");
  b.floats("c", {3}, {1, 2, 3});
  b.node("Add", {"d", "c"}, "e");
  b.node("Softmax", {"e"}, "y");
  b.output("y");
  const Graph g = imported(b);
  EXPECT_EQ(kinds(g), (Kinds{kMaxPool2d, kReshape, kFullyConnected, kSoftmax}));
  EXPECT_EQ(values(tensor(g, g.ops[2].inputs[2])), (Floats{1, 2, 3}));
}

// A flattened picture keeps its order; the matrix's columns move.
TEST(OnnxGraph, MatricesArePermutedInsteadOfPictures) {
  OnnxBuilder b;
  b.input("x", {1, 2, 1, 3});
  b.node("Flatten", {"x"}, "f");
  b.floats("m", {1, 6}, {0, 1, 2, 3, 4, 5});
  b.node("Gemm", {"f", "m"}, "y", {{"transB", int64_t{1}}, {"alpha", 2.f}});
  b.output("y");
  const Graph g = imported(b);
  EXPECT_EQ(kinds(g), (Kinds{kReshape, kFullyConnected}));
  EXPECT_EQ(values(tensor(g, g.ops[1].inputs[1])), (Floats{0, 6, 2, 8, 4, 10}));
}

TEST(OnnxGraph, GemmScalesItsBias) {
  OnnxBuilder b;
  b.input("x", {1, 2});
  b.floats("m", {2, 1}, {1, 2});
  b.number("c", 3);
  b.node("Gemm", {"x", "m", "c"}, "y", {{"beta", 0.5f}});
  b.output("y");
  const Graph g = imported(b);
  EXPECT_EQ(values(tensor(g, g.ops[0].inputs[2])), Floats{1.5f});
  EXPECT_EQ(tensor(g, g.ops[0].inputs[1]).shape, (Shape{1, 2}));
}

TEST(OnnxGraph, ShapesAreComputed) {
  OnnxBuilder b;
  b.input("x", {-1, 2, 4, 6});
  b.node("Shape", {"x"}, "s");
  b.ints("two", {1}, {2});
  b.ints("four", {1}, {4});
  b.node("Slice", {"s", "two", "four"}, "hw");  // 4, 6
  b.node("Cast", {"hw"}, "real", {{"to", int64_t{1}}});
  b.number("k", 1.6f);
  b.node("Mul", {"real", "k"}, "larger");  // 6.4, 9.6
  b.node("Floor", {"larger"}, "floored");  // 6, 9
  b.node("Cast", {"floored"}, "sizes", {{"to", int64_t{7}}});
  b.ints("zero", {1}, {0});
  b.node("Slice", {"s", "zero", "two"}, "nc");
  b.node("Concat", {"nc", "sizes"}, "all", {{"axis", int64_t{0}}});
  b.node("Resize", {"x", "", "", "all"}, "y",
         {{"coordinate_transformation_mode", std::string("asymmetric")},
          {"nearest_mode", std::string("floor")}});
  b.output("y");
  const Graph g = imported(b);
  EXPECT_EQ(kinds(g), Kinds{kResizeNearestNeighbor});
  EXPECT_EQ(output(g).shape, (Shape{1, 6, 9, 2}));
}

TEST(OnnxGraph, ResizeFindsTheWords) {
  const auto resize = [](const char* mode, const char* nearest, Ints to) {
    OnnxBuilder b;
    b.input("x", {1, 2, 4, 4});
    b.ints("to", {4}, to);
    b.node("Resize", {"x", "", "", "to"}, "y",
           {{"coordinate_transformation_mode", std::string(mode)},
            {"nearest_mode", std::string(nearest)}});
    b.output("y");
    return std::get<ResizeAttr>(imported(b).ops[0].attr);
  };
  // Twice as large, half pixels round to the same places.
  EXPECT_FALSE(resize("half_pixel", "round_prefer_floor", {1, 2, 8, 8})
                   .half_pixel_centers);
  EXPECT_TRUE(
      resize("tf_half_pixel_for_nn", "floor", {1, 2, 3, 3}).half_pixel_centers);
  EXPECT_TRUE(
      resize("align_corners", "round_prefer_ceil", {1, 2, 7, 7}).align_corners);
}

TEST(OnnxGraph, DepthwiseGroupsAndOthers) {
  OnnxBuilder b;
  b.input("x", {1, 4, 3, 3});
  b.floats("w", {6, 2, 1, 1}, some_floats(12));
  b.floats("c", {6}, some_floats(6));
  b.node("Conv", {"x", "w", "c"}, "y", {{"group", int64_t{2}}});
  b.output("y");
  const Graph g = imported(b);
  EXPECT_EQ(kinds(g), (Kinds{kSplit, kConv2d, kConv2d, kConcatenation}));
  EXPECT_EQ(output(g).name, "y");
}

// A view of one operand must not lose that somebody else reads it.
TEST(OnnxGraph, ViewsOfSharedValuesAreNotFused) {
  OnnxBuilder b;
  b.input("x", {1, 1, 2, 2});
  b.floats("w", {1, 1, 1, 1}, {2});
  b.node("Conv", {"x", "w"}, "y");
  b.node("Concat", {"y"}, "z", {{"axis", int64_t{1}}});
  b.node("MaxPool", {"z"}, "p", {{"kernel_shape", Ints{1, 1}}});
  b.node("Relu", {"p"}, "r");
  b.node("Add", {"r", "y"}, "s");
  b.output("s");
  EXPECT_EQ(kinds(imported(b)), (Kinds{kConv2d, kRelu, kAdd}));
}

TEST(OnnxGraph, NodesThatNobodyNeedsAreLeftOut) {
  OnnxBuilder b;
  b.input("x", {1, 4});
  b.node("Relu", {"x"}, "y");
  b.node("Scan", {"x"}, "unused");
  b.output("y");
  EXPECT_EQ(kinds(imported(b)), Kinds{kRelu});
}

TEST(OnnxGraph, SoftmaxRowsBeforeOpset13) {
  const auto softmax = [](int64_t opset) {
    OnnxBuilder b(opset);
    b.input("x", {1, 3, 2, 2});
    b.node("Softmax", {"x"}, "y", {{"axis", int64_t{1}}});
    b.output("y");
    return imported(b);
  };
  EXPECT_EQ(kinds(softmax(13)), Kinds{kSoftmax});
  const Graph rows = softmax(12);
  EXPECT_EQ(kinds(rows),
            (Kinds{kTranspose, kReshape, kSoftmax, kReshape, kTranspose}));
  EXPECT_EQ(tensor(rows, rows.ops[2].inputs[0]).shape, (Shape{1, 12}));
  EXPECT_EQ(output(rows).shape, (Shape{1, 2, 2, 3}));
}

TEST(OnnxGraph, TensorsHaveOneNameEach) {
  OnnxBuilder b;
  b.input("x", {1, 1, 4, 4});
  b.floats("w", {1, 1, 1, 1}, {2});
  b.node("Conv", {"x", "w"}, "a");
  b.node("Conv", {"a", "w"}, "y");
  b.output("y");
  const Graph g = imported(b);
  EXPECT_EQ(tensor(g, g.ops[0].inputs[1]).name, "w");
  EXPECT_EQ(tensor(g, g.ops[1].inputs[1]).name, "w:2");
}

// ONNX wants a node behind those whose results it reads; ONNX Runtime does not.
TEST(OnnxGraph, NodesMayStandInAnyOrder) {
  OnnxBuilder b;
  b.input("x", {1, 4});
  b.node("Tanh", {"n"}, "y");
  b.node("Neg", {"e"}, "n");
  b.node("Exp", {"x"}, "e");
  b.output("y");
  const Graph g = import_onnx(b.finish(), "m");
  ASSERT_EQ(g.ops.size(), 3U);
  EXPECT_EQ(g.ops[0].kind, OpKind::kExp);
  EXPECT_EQ(g.ops[1].kind, OpKind::kNeg);
  EXPECT_EQ(g.ops[2].kind, OpKind::kTanh);
}

// Masks of attention, as PyTorch exports them: the lowest number does as well.
TEST(OnnxGraph, EndlessMasksAreTheLowestNumber) {
  OnnxBuilder b;
  b.input("x", {1, 3});
  constexpr float kEndless = std::numeric_limits<float>::infinity();
  b.floats("mask", {1, 3}, {0, -kEndless, -kEndless});
  b.node("Add", {"x", "mask"}, "s");
  b.node("Softmax", {"s"}, "y");
  b.output("y");
  const Graph graph = import_onnx(b.finish(), "m");
  const auto add = std::ranges::find(graph.ops, OpKind::kAdd, &Op::kind);
  ASSERT_NE(add, graph.ops.end());
  std::vector<float> values(3);
  std::memcpy(values.data(),
              graph.tensors[static_cast<size_t>(add->inputs[1])].data.data(),
              3 * sizeof(float));
  EXPECT_EQ(values, (std::vector<float>{0, std::numeric_limits<float>::lowest(),
                                        std::numeric_limits<float>::lowest()}));
}

}  // namespace
}  // namespace shoal
