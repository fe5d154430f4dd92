// Models that begin later and end earlier than their files, and shapes that
// files compute.
#include <gtest/gtest.h>

#include <cstring>

#include "host/base/error.h"
#include "host/model/graph/difference.h"
#include "host/model/import/import.h"
#include "host/model/import/testing/model_builder.h"

namespace shoal {
namespace {

const ModelBuilder::Scale kHeadScale{0.05f, 4};

// x -> "body" (CONV_2D) -> "neck" (RELU) -> "head" (CUSTOM), and "side" (TANH)
// of the body.
struct CustomHead {
  ModelBuilder b;
  int x, body, neck, head, side;
  CustomHead() {
    x = b.input({1, 6, 6, 2}, kHeadScale);
    const std::vector<int8_t> ones(54, 1);
    body = b.conv(x, b.weights({3, 3, 3, 2}, ones, {0.1f}, 0), -1, kHeadScale);
    neck = b.unary(OpKind::kRelu, body, kHeadScale);
    head = b.unary(OpKind::kRelu, neck, kHeadScale);
    b.raw().ops.back().code = 32;
    b.raw().ops.back().custom = "Decode";
    side = b.tanh(body);
    b.output(head);
    b.output(side);
    b.rename(body, "body");
    b.rename(neck, "neck");
    b.rename(head, "head");
    b.rename(side, "side");
  }
  Graph graph(const ImportOptions& options) const {
    return import_tflite(b.finish(), "m", options);
  }
  Error refused(const ImportOptions& options) const {
    try {
      graph(options);
    } catch (const Error& error) {
      return error;
    }
    return Error(Exit::kOk, "imported");
  }
};

std::vector<std::string> names(const Graph& g, const std::vector<int>& list) {
  std::vector<std::string> out;
  for (const int t : list) {
    out.push_back(g.tensors[static_cast<size_t>(t)].name);
  }
  return out;
}
using Names = std::vector<std::string>;

TEST(ImportEnds, TheMessageHasTheFlags) {
  const CustomHead net;
  const Error error = net.refused({});
  EXPECT_EQ(error.code(), Exit::kUnsupported);
  EXPECT_EQ(error.fix(),
            "to end the model before that: --outputs neck --outputs side");
  const Graph g = net.graph({.outputs = {"neck", "side"}});
  EXPECT_EQ(names(g, g.outputs), (Names{"neck", "side"}));
  EXPECT_EQ(g.ops.size(), 3u);
}

TEST(ImportEnds, NamesThatNoShellTakesAreNumbers) {
  CustomHead net;
  net.b.rename(net.neck, "a name; rm");
  EXPECT_EQ(net.refused({}).fix(),
            "to end the model before that: --outputs '#" +
                std::to_string(net.neck) + "' --outputs side");
  const Graph g = net.graph({.outputs = {"#" + std::to_string(net.neck)}});
  EXPECT_EQ(names(g, g.outputs), Names{"a name; rm"});
  EXPECT_EQ(g.ops.size(), 2u);
}

TEST(ImportEnds, ItBeginsLater) {
  const CustomHead net;
  const Graph g = net.graph({.inputs = {"body"}, .outputs = {"side"}});
  EXPECT_EQ(names(g, g.inputs), Names{"body"});
  ASSERT_EQ(g.ops.size(), 1u);
  EXPECT_EQ(g.ops[0].kind, OpKind::kTanh);
  const Error error = net.refused({.inputs = {"neck"}, .outputs = {"side"}});
  EXPECT_EQ(error.code(), Exit::kUsage);
  EXPECT_STREQ(error.what(),
               "m: the outputs still need the model input tensor 0 \"t0\"");
}

TEST(ImportEnds, UnknownNames) {
  const CustomHead net;
  const Error error = net.refused({.outputs = {"necks"}});
  EXPECT_EQ(error.code(), Exit::kUsage);
  EXPECT_STREQ(error.what(), "--outputs: no tensor is named 'necks'");
  EXPECT_EQ(error.fix().substr(0, 23), "the nearest ones: neck,");
  EXPECT_EQ(net.refused({.outputs = {"#99"}}).code(), Exit::kUsage);
  EXPECT_EQ(net.refused({.inputs = {"heads"}}).code(), Exit::kUsage);
  EXPECT_EQ(net.refused({.outputs = {"#1"}}).code(), Exit::kUsage);  // weights
  CustomHead twins;
  twins.b.rename(twins.side, "neck");
  EXPECT_EQ(twins.refused({.outputs = {"neck"}}).code(), Exit::kUsage);
}

TEST(ImportEnds, AnotherShape) {
  const CustomHead net;
  const ImportOptions same{.outputs = {"neck"}, .shapes = {"t0=1x6x6x2"}};
  EXPECT_EQ(net.graph(same).ops.size(), 2u);
  const ImportOptions other{.outputs = {"neck"}, .shapes = {"t0=1x9x9x2"}};
  EXPECT_EQ(net.graph(other).tensors[static_cast<size_t>(net.neck)].shape,
            (Shape{1, 9, 9, 3}));
  EXPECT_EQ(net.refused({.shapes = {"t9=1x6x6x2"}}).code(), Exit::kUsage);
}

// Converters write this for a batch of any size: SHAPE, its first element, PACK
// of that and the other sizes, RESHAPE to it.
TEST(ImportFold, ShapesThatFollowFromShapes) {
  ModelBuilder b;
  const int x = b.input({1, 4, 4, 2}, kHeadScale);
  const auto add = [&b](int code, OptionsCode options,
                        const std::vector<int>& inputs, const Shape& shape) {
    RawTensor t;
    t.name = "made " + std::to_string(b.raw().tensors.size());
    t.type = kCodeInt32;
    t.shape = shape;
    b.raw().tensors.push_back(t);
    RawOp op;
    op.code = code;
    op.options.code = static_cast<int>(options);
    op.inputs = inputs;
    op.outputs = {static_cast<int>(b.raw().tensors.size()) - 1};
    b.raw().ops.push_back(op);
    return op.outputs[0];
  };
  const int shape = add(77, OptionsCode::kNone, {x}, {4});
  const int zero = b.numbers({1}, {0}), one = b.numbers({1}, {1});
  const int first =
      add(45, OptionsCode::kStridedSlice, {shape, zero, one, one}, {});
  b.raw().ops.back().options.shrink_axis_mask = 1;
  const int count =
      add(18, OptionsCode::kMul, {b.numbers({}, {8}), b.numbers({}, {4})}, {});
  const int sizes = add(83, OptionsCode::kPack, {first, count}, {2});
  b.raw().ops.back().options.num_splits = 2;
  const int y = b.reshape(x, {1, 32});
  b.raw().ops.back().inputs[1] = sizes;
  b.output(y);
  const Graph g = import_tflite(b.finish(), "m");
  ASSERT_EQ(g.ops.size(), 1u);
  EXPECT_EQ(g.ops[0].kind, OpKind::kReshape);
  const Tensor& made = g.tensors[static_cast<size_t>(sizes)];
  ASSERT_TRUE(made.constant);
  std::vector<int32_t> values(2);
  ASSERT_EQ(made.data.size(), 8u);
  std::memcpy(values.data(), made.data.data(), 8);
  EXPECT_EQ(values, (std::vector<int32_t>{1, 32}));
}

// Sizes that a converter left open are ones in the file; the interpreter finds
// them when it runs.
TEST(ImportFold, ShapesThatTheFileLeavesOpen) {
  ModelBuilder b;
  const int x = b.input({1, 4, 4, 2}, kHeadScale);
  const auto open = [&b](int t, const Shape& shape) {
    RawTensor& tensor = b.raw().tensors[static_cast<size_t>(t)];
    tensor.signature = tensor.shape = shape;
    for (int& size : tensor.signature) size = size == 1 ? -1 : size;
    return t;
  };
  const int rows = b.reshape(x, {1, 16, 2});
  const int sizes = b.raw().ops.back().inputs[1];
  const int32_t unknown = -1;
  std::memcpy(&b.data(sizes)[4], &unknown, 4);
  const int scores = b.logistic(rows);
  const int both = b.concatenation({scores, scores}, 1);
  open(rows, {1, 1, 2});
  open(scores, {1, 1, 2});
  b.output(open(both, {1, 1, 2}));
  const Graph g = import_tflite(b.finish(), "m");
  EXPECT_EQ(g.tensors[static_cast<size_t>(rows)].shape, (Shape{1, 16, 2}));
  EXPECT_EQ(g.tensors[static_cast<size_t>(both)].shape, (Shape{1, 32, 2}));
}

TEST(ImportEnds, OutputsThatAreConstantsAreLeftOut) {
  CustomHead n;
  n.b.raw().outputs = {n.b.raw().ops[0].inputs[1], n.neck};
  std::vector<std::string> told;
  const ImportOptions options{
      .outputs = {},
      .tell = [&](const std::string& line) { told.push_back(line); }};
  n.b.raw().ops.erase(n.b.raw().ops.begin() + 2);  // the head
  const Graph g = n.graph(options);
  EXPECT_EQ(g.outputs, std::vector<int>{n.neck});
  EXPECT_EQ(told, (std::vector<std::string>{
                      "model output tensor 1 \"t1\" is a constant: left out"}));
}

// Frames that nothing mixes.
struct Batch {
  ModelBuilder b;
  int y;
  explicit Batch(int n) {
    const int x = b.input({n, 6, 6, 2}, kHeadScale);
    const std::vector<int8_t> ones(54, 1);
    int t = b.conv(x, b.weights({3, 3, 3, 2}, ones, {0.1f}, 0), -1, kHeadScale);
    t = b.pad(t, {0, 1, 0, 0}, {0, 0, 0, 0});
    t = b.add(t, b.constant({1, 1, 1, 3}, {1, 2, 3}, kHeadScale), kHeadScale);
    t = b.reshape(t, {n, 126});
    const int w = b.weights({5, 126}, std::vector<int8_t>(630, 2), {0.1f}, 0);
    y = b.softmax(b.fully_connected(t, w, -1, kHeadScale));
    b.output(y);
  }
};

TEST(ImportBatch, IsSoManyFrames) {
  Batch three(3);
  const Graph g = import_tflite(three.b.finish(), "m");
  const Graph one = import_tflite(Batch(1).b.finish(), "m");
  ASSERT_EQ(g.tensors.size(), one.tensors.size());
  for (size_t i = 0; i < g.tensors.size(); ++i) {
    EXPECT_EQ(g.tensors[i].shape, one.tensors[i].shape) << i;
  }
  EXPECT_EQ(g.ops.size(), one.ops.size());
}

// A fixed first axis may be steps in time: the file says no batch.
TEST(ImportBatch, AFixedFirstAxisThatIsNoPictures) {
  const auto imported = [](bool open, std::vector<std::string>& told) {
    ModelBuilder b;
    const int x = b.input({10, 8}, kHeadScale);
    const int w = b.weights({5, 8}, std::vector<int8_t>(40, 2), {0.1f}, 0);
    b.output(b.fully_connected(x, w, -1, kHeadScale));
    if (open) b.raw().tensors[static_cast<size_t>(x)].signature = {-1, 8};
    ImportOptions options;
    options.tell = [&](const std::string& line) { told.push_back(line); };
    return import_tflite(b.finish(), "m", options);
  };
  std::vector<std::string> told;
  const Graph fixed = imported(false, told);
  const Shape whole{10, 8}, one{1, 8};
  EXPECT_EQ(fixed.tensors[static_cast<size_t>(fixed.inputs[0])].shape, whole);
  EXPECT_TRUE(told.empty());
  const Graph open = imported(true, told);
  EXPECT_EQ(open.tensors[static_cast<size_t>(open.inputs[0])].shape, one);
  ASSERT_EQ(told.size(), 1u);
  EXPECT_NE(told[0].find("a batch of 10 frames"), std::string::npos);
}

// A mean over the frames needs them all: they stay one input.
TEST(ImportBatch, WhatMixesFramesKeepsThemTogether) {
  for (const int axis : {0, 1}) {
    Batch net(2);
    net.b.raw().outputs = {
        net.b.reduce(OpKind::kMean, net.y, {axis}, true, kHeadScale)};
    const Graph g = import_tflite(net.b.finish(), "m");
    const Tensor& in = g.tensors[static_cast<size_t>(g.inputs[0])];
    EXPECT_EQ(in.shape[0], axis == 0 ? 2 : 1);
  }
}

// TensorFlow Lite rescales the operands of a uint8 CONCATENATION.
TEST(ImportJoin, OperandsInScalesOfTheirOwn) {
  ModelBuilder b(Type::kUint8);
  const int x = b.input({1, 4, 4, 2}, {0.05f, -3});
  const int c =
      b.constant({1, 4, 4, 2}, std::vector<int8_t>(32, 19), {0.1f, 5});
  const int y = b.concatenation({x, c, x}, 3);
  b.raw().tensors[static_cast<size_t>(y)].scale = {0.06f};
  b.output(y);
  const Graph g = import_tflite(b.finish(), "m");
  ASSERT_EQ(g.ops.size(), 3u);
  EXPECT_EQ(g.ops[0].kind, OpKind::kQuantize);
  EXPECT_EQ(g.ops[1].kind, OpKind::kQuantize);
  const Op& join = g.ops[2];
  EXPECT_EQ(join.kind, OpKind::kConcatenation);
  for (const int t : join.inputs) {
    EXPECT_EQ(g.tensors[static_cast<size_t>(t)].scale(), 0.06f);
  }
  // 14 steps of 0.1 are 23 of 0.06 above a zero point of -3.
  const Tensor& constant = g.tensors[static_cast<size_t>(join.inputs[1])];
  ASSERT_TRUE(constant.constant);
  EXPECT_EQ(static_cast<int8_t>(constant.data[0]), 20);
  // Below one half QUANTIZE rounds twice, and some byte differs.
  b.raw().tensors[static_cast<size_t>(y)].scale = {0.11f};
  EXPECT_THROW(import_tflite(b.finish(), "m"), Error);
  // int8 has no such rule.
  ModelBuilder signed_bytes;
  const int z = signed_bytes.input({1, 4, 4, 2}, {0.05f, -3});
  const int joined = signed_bytes.concatenation({z, z}, 3);
  signed_bytes.raw().tensors[static_cast<size_t>(joined)].scale = {0.11f};
  signed_bytes.output(joined);
  EXPECT_THROW(import_tflite(signed_bytes.finish(), "m"), Error);
}

// Tensors that only the rest of the file has do not matter.
TEST(ImportEnds, TensorsOfTheRestAreNotLookedAt) {
  CustomHead net;
  net.b.raw().tensors[static_cast<size_t>(net.head)].type = 6;
  EXPECT_EQ(net.graph({.outputs = {"neck"}}).ops.size(), 2u);
}

TEST(ImportEnds, AnEndThatNothingMakesOfAnInputIsRefused) {
  CustomHead m;
  const int made = m.b.unary(
      OpKind::kRelu, m.b.constant({1, 3}, {1, 2, 3}, kHeadScale), kHeadScale);
  m.b.rename(m.x, "x");
  m.b.rename(made, "made");
  const std::pair<ImportOptions, const char*> cases[] = {
      {{.outputs = {"x"}}, "is an input: no operator makes it"},
      {{.outputs = {"body", "#0"}}, "is an input: no operator makes it"},
      {{.inputs = {"body"}, .outputs = {"body"}}, "is an input: no operator"},
      {{.outputs = {"#1"}}, "is a constant: no operator makes it"},
      {{.outputs = {"made"}}, "is a constant: no input leads to it"},
      {{.outputs = {"body", "made"}}, "is a constant: no input leads to it"}};
  for (const auto& [options, what] : cases) {
    const Error error = m.refused(options);
    EXPECT_EQ(error.code(), Exit::kUsage) << what;
    EXPECT_NE(std::string(error.what()).find(what), std::string::npos)
        << error.what();
  }
}

}  // namespace
}  // namespace shoal
