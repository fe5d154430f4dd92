// These tests check what a written file holds besides the graph: versions,
// alignment, options.
#include "host/model/export/export.h"

#include <gtest/gtest.h>

#include <map>
#include <set>

#include "host/base/error.h"
#include "host/model/graph/difference.h"
#include "host/model/import/import.h"
#include "host/model/import/testing/model_builder.h"
#include "host/model/import/testing/sample_models.h"
#include "host/model/tflite/raw_model.h"

namespace shoal {
namespace {

const ModelBuilder::Scale kScale{0.05f, 4};

std::vector<int8_t> ones(int64_t count) {
  return std::vector<int8_t>(static_cast<size_t>(count), 1);
}

Graph graph_of(const ModelBuilder& b) {
  return import_tflite(b.finish(), "model");
}

// The versions that the operators of a file have, by name; of several alike
// the highest.
std::map<std::string, int> versions(const std::vector<uint8_t>& file) {
  std::map<std::string, int> out;
  for (const RawOp& op : decode(file, "file").ops) {
    int& version = out[builtin_name(op.code)];
    version = std::max(version, op.version);
  }
  return out;
}

std::map<std::string, int> sample_versions(Type type) {
  std::map<std::string, int> out;
  for (const SampleModel& sample : sample_models(1, type)) {
    if (type == Type::kUint8 && sample.name == "float_ends") continue;
    const Graph graph = import_tflite(sample.file, sample.name);
    out.merge(versions(export_tflite(graph)));
  }
  return out;
}

TEST(Export, VersionsOfInt8Operators) {
  const std::map<std::string, int> expected = {{"ABS", 2},
                                               {"ADD", 2},
                                               {"ARG_MAX", 2},
                                               {"ARG_MIN", 2},
                                               {"AVERAGE_POOL_2D", 2},
                                               {"BATCH_MATMUL", 2},
                                               {"BATCH_TO_SPACE_ND", 2},
                                               {"CAST", 1},
                                               {"CONCATENATION", 2},
                                               {"CONV_2D", 3},
                                               {"CUMSUM", 1},
                                               {"DEPTHWISE_CONV_2D", 3},
                                               {"DEPTH_TO_SPACE", 2},
                                               {"DEQUANTIZE", 2},
                                               {"DIV", 1},
                                               {"ELU", 1},
                                               {"EQUAL", 2},
                                               {"EXP", 2},
                                               {"EXPAND_DIMS", 1},
                                               {"FLOOR", 1},
                                               {"FULLY_CONNECTED", 4},
                                               {"GATHER", 2},
                                               {"GATHER_ND", 1},
                                               {"GELU", 2},
                                               {"GREATER", 2},
                                               {"GREATER_EQUAL", 2},
                                               {"HARD_SWISH", 1},
                                               {"L2_NORMALIZATION", 2},
                                               {"LEAKY_RELU", 1},
                                               {"LESS", 2},
                                               {"LESS_EQUAL", 2},
                                               {"LOG", 2},
                                               {"LOGISTIC", 2},
                                               {"LOGICAL_AND", 1},
                                               {"LOGICAL_NOT", 1},
                                               {"LOGICAL_OR", 1},
                                               {"LOG_SOFTMAX", 2},
                                               {"MAXIMUM", 2},
                                               {"MAX_POOL_2D", 2},
                                               {"MEAN", 2},
                                               {"MINIMUM", 2},
                                               {"MIRROR_PAD", 2},
                                               {"MUL", 2},
                                               {"NEG", 1},
                                               {"NOT_EQUAL", 2},
                                               {"PACK", 2},
                                               {"PAD", 2},
                                               {"PADV2", 2},
                                               {"PRELU", 1},
                                               {"QUANTIZE", 1},
                                               {"REDUCE_MAX", 2},
                                               {"REDUCE_MIN", 2},
                                               {"RELU", 2},
                                               {"RELU6", 2},
                                               {"RESHAPE", 1},
                                               {"RESIZE_BILINEAR", 3},
                                               {"RESIZE_NEAREST_NEIGHBOR", 3},
                                               {"RSQRT", 2},
                                               {"SELECT_V2", 1},
                                               {"SIN", 1},
                                               {"SLICE", 2},
                                               {"SOFTMAX", 2},
                                               {"SPACE_TO_BATCH_ND", 2},
                                               {"SPACE_TO_DEPTH", 2},
                                               {"SPLIT", 2},
                                               {"SPLIT_V", 2},
                                               {"SQRT", 1},
                                               {"SQUARE", 1},
                                               {"SQUARED_DIFFERENCE", 2},
                                               {"SQUEEZE", 1},
                                               {"STRIDED_SLICE", 2},
                                               {"SUB", 2},
                                               {"SUM", 2},
                                               {"TANH", 2},
                                               {"TRANSPOSE", 2},
                                               {"TRANSPOSE_CONV", 2},
                                               {"UNPACK", 2}};
  EXPECT_EQ(sample_versions(Type::kInt8), expected);
}

TEST(Export, VersionsOfUint8Operators) {
  for (const auto& [name, version] : sample_versions(Type::kUint8)) {
    const int dilated = name == "DEPTHWISE_CONV_2D" ? 2 : 1;
    const std::set<std::string> as_int8 = {"ABS", "GELU", "RELU", "UNPACK"};
    const bool resize = name.starts_with("RESIZE_");
    const int expected = resize ? 3 : as_int8.contains(name) ? 2 : dilated;
    EXPECT_EQ(version, expected) << name;
  }
}

TEST(Export, VersionsThatDependOnMoreThanTypes) {
  ModelBuilder b;
  const int x = b.input({1, 4, 4, 2}, kScale);
  const int w = b.weights({3, 2}, ones(6), {0.1f}, 0);
  b.output(b.fully_connected(x, w, -1, kScale, Activation::kNone, true));
  b.output(b.mul(x, x, {0.001f, 0}));
  const int up = b.weights({2, 2, 2, 2}, ones(16), {0.1f}, 0);
  b.output(b.transpose_conv(x, up, b.bias({1, 2}), kScale, 8, 8,
                            {.stride_h = 2, .stride_w = 2}));
  b.output(b.transpose(b.reshape(x, {1, 2, 2, 4, 2}), {0, 1, 2, 4, 3}));
  const auto found = versions(export_tflite(graph_of(b)));
  EXPECT_EQ(found.at("FULLY_CONNECTED"), 5);
  EXPECT_EQ(found.at("MUL"), 3);
  EXPECT_EQ(found.at("TRANSPOSE_CONV"), 3);
  EXPECT_EQ(found.at("TRANSPOSE"), 4);
}

TEST(Export, BuffersLieAtMultiplesOf16AndTheFirstIsEmpty) {
  for (const SampleModel& sample : sample_models()) {
    SCOPED_TRACE(sample.name);
    const std::vector<uint8_t> file =
        export_tflite(import_tflite(sample.file, sample.name));
    const RawModel raw = decode(file, sample.name);
    EXPECT_TRUE(raw.buffers[0].empty());
    for (size_t i = 1; i < raw.buffers.size(); ++i) {
      EXPECT_EQ((raw.buffers[i].data() - file.data()) % 16, 0);
      EXPECT_FALSE(raw.buffers[i].empty());
    }
  }
}

TEST(Export, AbsentBiasesAreSaidAsReadersTakeThem) {
  ModelBuilder b;
  const int x = b.input({1, 4, 4, 2}, kScale);
  const int y =
      b.conv(x, b.weights({3, 1, 1, 2}, ones(6), {0.1f}, 0), -1, kScale);
  b.output(b.fully_connected(y, b.weights({2, 48}, ones(96), {0.1f}, 0), -1,
                             kScale));
  const std::vector<uint8_t> file = export_tflite(graph_of(b));
  const RawModel raw = decode(file, "file");
  EXPECT_EQ(raw.ops[0].inputs.size(), 2u);
  EXPECT_EQ(raw.ops[1].inputs.size(), 3u);
  EXPECT_EQ(raw.ops[1].inputs[2], -1);
}

// A graph that no file made: operands are appended and named.
TEST(Export, MissingOperandsAreAppended) {
  ModelBuilder b;
  const int x = b.input({1, 4, 4, 2}, kScale);
  const int y = b.padv2(x, {0, 1, 1, 0}, {0, 1, 1, 0}, -7);
  b.rename(y, "wide");
  b.output(y);
  Graph graph = graph_of(b);
  ASSERT_EQ(graph.tensors.size(), 4u);
  graph.ops[0].outputs = graph.outputs = {1};
  graph.tensors[1] =
      graph.tensors[2].constant ? graph.tensors[3] : graph.tensors[2];
  graph.tensors.resize(2);
  const Graph full = with_operands(graph);
  ASSERT_EQ(full.tensors.size(), 4u);
  EXPECT_EQ(full.tensors[2].name, graph.tensors[1].name + "/paddings");
  EXPECT_EQ(full.tensors[2].shape, (Shape{4, 2}));
  EXPECT_EQ(full.tensors[3].name, graph.tensors[1].name + "/value");
  EXPECT_EQ(full.tensors[3].data, (std::vector<uint8_t>{0xF9}));
  EXPECT_EQ(full.tensors[3].quant.scale, (std::vector<float>{kScale.scale}));
}

// The same byte means another number under another zero point.
TEST(Export, ValuesOfOtherScalesAreNotShared) {
  ModelBuilder b;
  const int x = b.input({1, 4}, kScale);
  const int y = b.padv2(x, {0, 1}, {0, 0}, -7);
  const int z = b.unary(OpKind::kRelu, y, {kScale.scale, 9});
  b.output(b.padv2(z, {0, 1}, {0, 0}, -8));
  Graph graph = graph_of(b);
  EXPECT_EQ(graph_difference(with_operands(graph), graph), "");
  std::get<PadAttr>(graph.ops[2].attr).value = -7;
  const Graph full = with_operands(graph);
  EXPECT_EQ(full.tensors.size(), graph.tensors.size() + 1);
  EXPECT_EQ(full.tensors.back().zero(), 9);
  EXPECT_EQ(
      graph_difference(import_tflite(export_tflite(graph), "again"), full), "");
}

TEST(Export, OtherPaddingsAreRefused) {
  ModelBuilder b;
  const int x = b.input({1, 4, 4, 2}, kScale);
  const int w = b.weights({3, 3, 3, 2}, ones(54), {0.1f}, 0);
  const int y = b.conv(x, w, -1, kScale);
  b.rename(y, "conv");
  b.output(y);
  Graph graph = graph_of(b);
  std::get<WindowAttr>(graph.ops[0].attr).pad_top = 2;
  try {
    export_tflite(graph);
    ADD_FAILURE();
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), Exit::kUnsupported);
    EXPECT_STREQ(error.what(),
                 "model: op 0 CONV_2D \"conv\": padding of 2 rows and 1 "
                 "columns is neither SAME nor VALID");
    EXPECT_EQ(error.fix(), "put a PAD in front of it");
  }
}

// An odd number of them: the last byte is half.
TEST(Export, WeightsOfFourBitsAreWrittenAsTheyWere) {
  ModelBuilder b;
  std::vector<int8_t> values;
  for (int i = 0; i < 27; ++i) {
    values.push_back(static_cast<int8_t>(i * 7 % 16 - 8));
  }
  const int x = b.input({1, 6, 6, 1}, {0.05f, 4});
  const int w = b.int4_weights({3, 3, 3, 1}, values, {0.1f, 0.2f, 0.3f}, 0);
  b.output(b.conv(x, w, b.bias({1, 2, 3}), {0.05f, 4}));
  const Graph g = import_tflite(b.finish(), "m");
  const std::vector<uint8_t> file = export_tflite(g);
  const Graph again = import_tflite(file, "m");
  const Tensor& written = again.tensors[static_cast<size_t>(w)];
  EXPECT_EQ(written.file_type, Type::kInt4);
  EXPECT_EQ(written.data, std::vector<uint8_t>(values.begin(), values.end()));
  EXPECT_EQ(export_tflite(again), file);
}

TEST(Export, SoftmaxOfFloatsIsWrittenAsItWas) {
  ModelBuilder b;
  const int x = b.input({1, 3, 3, 5}, {0.05f, 4});
  const int w = b.weights({5, 1, 1, 5}, std::vector<int8_t>(25, 3), {0.01f}, 0);
  const int y = b.conv(x, w, -1, {0.05f, 4});
  b.output(b.softmax_of_floats(y, {0.003f, -120}));
  const Graph g = import_tflite(b.finish(), "m");
  ASSERT_EQ(g.ops.size(), 2u);
  EXPECT_EQ(g.ops[1].kind, OpKind::kSoftmax);
  EXPECT_TRUE(std::get<AlphaAttr>(g.ops[1].attr).is_real);
  const std::vector<uint8_t> file = export_tflite(g);
  const Graph again = import_tflite(file, "m");
  ASSERT_EQ(again.ops.size(), 2u);
  EXPECT_EQ(again.ops[1].attr, g.ops[1].attr);
  EXPECT_EQ(export_tflite(again), file);
}

}  // namespace
}  // namespace shoal
