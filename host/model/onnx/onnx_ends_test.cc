// Models that begin later and end earlier than their files, and inputs whose
// sizes the user says.
#include <gtest/gtest.h>

#include "host/base/error.h"
#include "host/model/graph/difference.h"
#include "host/model/onnx/onnx.h"
#include "host/model/onnx/testing/import_error.h"
#include "host/model/onnx/testing/onnx_builder.h"

namespace shoal {
namespace {

// x -> a (Conv) -> b (Relu) -> c (Conv) -> head (Det), and d (Sigmoid) of b.
std::vector<uint8_t> network(const Ints& input = {1, 2, 8, 8}) {
  OnnxBuilder b;
  b.input("x", input);
  b.floats("v", {3, 2, 3, 3}, some_floats(54));
  b.floats("w", {4, 3, 3, 3}, some_floats(108));
  b.node("Conv", {"x", "v"}, "a");
  b.node("Relu", {"a"}, "b");
  b.node("Conv", {"b", "w"}, "c");
  b.node("Det", {"c"}, "head");
  b.node("Sigmoid", {"b"}, "d");
  b.output("head");
  b.output("d");
  return b.finish();
}

Graph imported(const ImportOptions& options, const Ints& input = {1, 2, 8, 8}) {
  return import_onnx(network(input), "m", options);
}

Error refused(const ImportOptions& options, const Ints& input = {1, 2, 8, 8}) {
  return import_error(network(input), options);
}

std::string name_of(const Graph& g, int t) {
  return g.tensors[static_cast<size_t>(t)].name;
}

TEST(OnnxEnds, TheMessageHasTheFlags) {
  const Error error = refused({});
  EXPECT_EQ(error.code(), Exit::kUnsupported);
  EXPECT_EQ(error.fix(),
            "to end the model before that: --outputs c --outputs d");
  const Graph g = imported({.outputs = {"c", "d"}});
  ASSERT_EQ(g.outputs.size(), 2u);
  EXPECT_EQ(name_of(g, g.outputs[0]), "c");
  EXPECT_EQ(name_of(g, g.outputs[1]), "d");
}

TEST(OnnxEnds, NumbersAreThoseOfNodes) {
  EXPECT_EQ(graph_difference(imported({.outputs = {"#2", "#4"}}),
                             imported({.outputs = {"c", "d"}})),
            "");
}

TEST(OnnxEnds, ItBeginsLater) {
  const ImportOptions options{
      .inputs = {"b"}, .outputs = {"c"}, .shapes = {"b=1x3x6x6"}};
  const Graph g = imported(options);
  ASSERT_EQ(g.inputs.size(), 1u);
  EXPECT_EQ(name_of(g, g.inputs[0]), "b");
  EXPECT_EQ(g.ops.size(), 1u);
  // The shape follows from that of x, if nobody says it.
  EXPECT_EQ(graph_difference(imported({.inputs = {"b"}, .outputs = {"c"}}), g),
            "");
  const Error shapeless = refused({.inputs = {"head"}, .outputs = {"d"}});
  EXPECT_EQ(shapeless.code(), Exit::kUsage);
  EXPECT_STREQ(shapeless.what(),
               "--inputs: the file does not say the shape of \"head\"");
  const Error apart =
      refused({.inputs = {"c"}, .outputs = {"d"}, .shapes = {"c=1x4x4x4"}});
  EXPECT_EQ(apart.code(), Exit::kUsage);
  EXPECT_STREQ(apart.what(), "m: the outputs still need the model input \"x\"");
}

// Nobody has to give an input of which only the shape is read, in a whole model
// or in front of a new input.
TEST(OnnxEnds, AShapeNeedsNoInput) {
  OnnxBuilder b;
  b.input("x", {1, 2, 8, 8});
  b.input("other", {1, 2, 8, 8});
  b.node("Relu", {"x"}, "a");
  b.node("Shape", {"x"}, "s");
  b.node("Shape", {"other"}, "t");
  b.node("Reshape", {"a", "s"}, "c");
  b.node("Reshape", {"c", "t"}, "d");
  b.node("Neg", {"d"}, "y");
  b.output("y");
  std::vector<std::string> told;
  ImportOptions options;
  options.tell = [&](const std::string& line) { told.push_back(line); };
  const Graph whole = import_onnx(b.finish(), "m", options);
  ASSERT_EQ(whole.inputs.size(), 1u);
  EXPECT_EQ(name_of(whole, whole.inputs[0]), "x");
  ASSERT_EQ(told.size(), 1u);
  EXPECT_EQ(told[0],
            "model input \"other\": only its shape is read, it is left out");
  options.inputs = {"a"};
  options.shapes = {"a=1x2x8x8"};
  const Graph cut = import_onnx(b.finish(), "m", options);
  ASSERT_EQ(cut.inputs.size(), 1u);
  EXPECT_EQ(name_of(cut, cut.inputs[0]), "a");
}

TEST(OnnxEnds, AnOpenFirstAxisNamedNIsTheBatch) {
  OnnxBuilder b;
  b.input("x", {-1, 8});
  b.node("Relu", {"x"}, "y");
  b.output("y");
  std::vector<std::string> told;
  ImportOptions options;
  options.tell = [&](const std::string& line) { told.push_back(line); };
  import_onnx(b.finish(), "m", options);
  EXPECT_TRUE(told.empty());  // "n" is how many frames
}

TEST(OnnxEnds, UnknownNames) {
  const Error error = refused({.outputs = {"heat"}});
  EXPECT_EQ(error.code(), Exit::kUsage);
  EXPECT_STREQ(error.what(), "--outputs: no tensor is named 'heat'");
  EXPECT_EQ(error.fix(), "the nearest ones: head, a, b");
  EXPECT_EQ(refused({.outputs = {"#77"}}).code(), Exit::kUsage);
  EXPECT_EQ(refused({.outputs = {"c", "c"}}).code(), Exit::kUsage);
}

TEST(OnnxEnds, OpenSizesAreSaid) {
  const Ints open{-1, 2, -1, -1};
  const Error none = refused({.outputs = {"c"}}, open);
  EXPECT_EQ(none.code(), Exit::kUnsupported);
  EXPECT_NE(none.fix().find("--input-shape x=1x2x320x320"), std::string::npos);
  const ImportOptions options{.outputs = {"c"}, .shapes = {"x=1x2x9x10"}};
  const Graph g = imported(options, open);
  EXPECT_EQ(g.tensors[static_cast<size_t>(g.inputs[0])].shape,
            (Shape{1, 9, 10, 2}));
  EXPECT_EQ(refused({.shapes = {"x=1x5x9x10"}}, open).code(), Exit::kUsage);
  EXPECT_EQ(refused({.shapes = {"z=1x2x9x10"}}, open).code(), Exit::kUsage);
  for (const char* wrong : {"x", "x=", "=1x2", "x=1x2x0x9", "x=1x-2x3x4",
                            "x=1x2x3x99999999999", "x=1x2xx3", "x=axb"}) {
    const Error error = refused({.shapes = {wrong}}, open);
    EXPECT_EQ(error.code(), Exit::kUsage) << wrong;
  }
}

// A batch in the file is several frames; the user may say one.
TEST(OnnxEnds, ABatchIsSaidToBeOne) {
  const Ints four{4, 2, 8, 8};
  EXPECT_EQ(refused({.outputs = {"c"}}, four).code(), Exit::kUnsupported);
  EXPECT_EQ(graph_difference(
                imported({.outputs = {"c"}, .shapes = {"x=1x2x8x8"}}, four),
                imported({.outputs = {"c"}})),
            "");
}

// Shapes and what follows from constants are no places to end at.
TEST(OnnxEnds, TheFlagsNameNoConstants) {
  OnnxBuilder b;
  b.input("x", {1, 2, 8, 8});
  b.floats("v", {3, 2, 3, 3}, some_floats(54));
  b.node("Conv", {"x", "v"}, "a");
  b.node("Shape", {"a"}, "s");
  b.node("Cast", {"s"}, "f", {{"to", int64_t{1}}});
  b.number("two", 2);
  b.node("Mul", {"f", "two"}, "g");
  b.node("Foo", {"a", "g"}, "y");
  b.output("y");
  EXPECT_EQ(import_error(b.finish()).fix(),
            "to end the model before that: --outputs a");
}

// A refusal of what follows from a product's sums names that flag.
TEST(OnnxEnds, SumsOfProductsAreAnEnd) {
  OnnxBuilder b;
  b.input("x", {1, 2}, 3);
  b.bytes("w", {2, 3}, some_bytes(6));
  b.int32s("c", {3}, {1, 2, 3});
  b.node("MatMulInteger", {"x", "w"}, "n");
  b.node("Add", {"n", "c"}, "sums");
  b.node("Max", {"sums", "c"}, "y");
  b.output("y", 6);
  const std::vector<uint8_t> file = b.finish();
  const Error error = import_error(file);
  EXPECT_EQ(std::string(error.what()),
            "m: not supported:\n  model output \"y\": of its integers, sums "
            "of products are computed, moved and joined, not clamped");
  EXPECT_EQ(error.fix(),
            "end the model at the sums of each product (--outputs NAME) and "
            "do the rest behind the network, or put a Cast to FLOAT, a Mul "
            "by the scale and a QuantizeLinear behind them");
  for (const char* end : {"n", "sums"}) {
    const Graph g = import_onnx(file, "m", {.outputs = {end}});
    const Tensor& output = g.tensors[static_cast<size_t>(g.outputs[0])];
    EXPECT_EQ(output.type, Type::kInt32) << end;
  }
}

// Anchors stand in the file, and a reader of the result reads them there.
TEST(OnnxEnds, OutputsThatAreConstantsAreLeftOut) {
  OnnxBuilder b;
  b.input("x", {1, 2, 8, 8});
  b.floats("v", {3, 2, 3, 3}, some_floats(54));
  b.floats("anchors", {3, 4}, some_floats(12));
  b.node("Conv", {"x", "v"}, "a");
  b.node("Identity", {"anchors"}, "copied");
  for (const char* output : {"anchors", "a", "copied"}) b.output(output);
  std::vector<std::string> told;
  const Graph g = import_onnx(
      b.finish(), "m",
      {.tell = [&](const std::string& line) { told.push_back(line); }});
  ASSERT_EQ(g.outputs.size(), 1u);
  EXPECT_EQ(name_of(g, g.outputs[0]), "a");
  EXPECT_EQ(told, (std::vector<std::string>{
                      "model output \"anchors\" is a constant: left out",
                      "model output \"copied\" is a constant: left out"}));
}

// An output that is an input of the model is a copy of it.
TEST(OnnxEnds, AnInputMayBeAnOutput) {
  OnnxBuilder b;
  b.input("x", {1, 2, 3, 4});
  b.node("Relu", {"x"}, "y");
  b.node("Identity", {"x"}, "z");
  b.output("y");
  b.output("z");
  const Graph g = import_onnx(b.finish(), "m");
  ASSERT_EQ(g.outputs.size(), 2u);
  ASSERT_EQ(g.ops.size(), 2u);
  EXPECT_EQ(g.ops[1].kind, OpKind::kReshape);
  EXPECT_EQ(g.ops[1].inputs, g.inputs);
  EXPECT_EQ(g.ops[1].outputs[0], g.outputs[1]);
  EXPECT_EQ(g.tensors[static_cast<size_t>(g.outputs[1])].name, "z");
}

TEST(OnnxEnds, BytesOfEachFramesRangeAreNoOutput) {
  OnnxBuilder b;
  b.input("x", {1, 2});
  b.node("DynamicQuantizeLinear", {"x"},
         std::vector<std::string>{"q", "s", "z"});
  b.output("q", 2);
  try {
    import_onnx(b.finish(), "m");
    ADD_FAILURE();
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), Exit::kUnsupported);
    EXPECT_STREQ(error.what(),
                 "m: model output \"q\": bytes whose scale follows from each "
                 "frame");
  }
}

TEST(OnnxEnds, AnEndThatNothingMakesOfAnInputIsRefused) {
  OnnxBuilder b;
  b.input("x", {1, 3});
  b.floats("c", {3}, some_floats(3));
  b.node("Relu", {"c"}, "made");
  b.node("Add", {"x", "made"}, "sum");
  b.node("Relu", {"sum"}, "y");
  b.output("y");
  const auto file = b.finish();
  const std::pair<ImportOptions, const char*> cases[] = {
      {{.outputs = {"x"}},
       "--outputs: \"x\" is an input: no operator makes it"},
      {{.outputs = {"y", "x"}},
       "--outputs: \"x\" is an input: no operator makes it"},
      {{.inputs = {"sum"}, .outputs = {"sum"}},
       "--outputs: \"sum\" is an input: no operator makes it"},
      {{.outputs = {"made"}},
       "--outputs: \"made\" is a constant: no input leads to it"},
      {{.outputs = {"y", "#0"}},
       "--outputs: \"made\" is a constant: no input leads to it"}};
  for (const auto& [options, what] : cases) {
    const Error error = import_error(file, options);
    EXPECT_EQ(error.code(), Exit::kUsage) << what;
    EXPECT_STREQ(error.what(), what);
  }
  const Graph g = import_onnx(
      file, "m",
      {.inputs = {"x", "made"}, .outputs = {"y"}, .shapes = {"made=1x3"}});
  EXPECT_EQ(g.inputs.size(), 2u);
}

}  // namespace
}  // namespace shoal
