// Kinds of models that files have, from the file to the bytes: signatures,
// truth values, transposed convolutions of one row or column.
#include <gtest/gtest.h>

#include <random>

#include "host/model/import/import.h"
#include "host/model/import/testing/model_builder.h"
#include "host/model/onnx/testing/onnx_builder.h"
#include "host/oracle/int8/oracle.h"
#include "tests/command.h"
#include "tests/expect_told.h"

namespace shoal {
namespace {

std::vector<uint8_t> random_bytes(size_t count, uint32_t seed) {
  std::mt19937 random(seed);
  std::vector<uint8_t> bytes(count);
  for (uint8_t& b : bytes) b = static_cast<uint8_t>(random());
  return bytes;
}

class CliModels : public testing::Test {
 protected:
  // Runs the model on one node, on two and on four: the oracle's bytes.
  void expect_exact(const std::vector<uint8_t>& file, size_t input_bytes,
                    const std::vector<std::string>& more = {},
                    const ImportOptions& options = {}) {
    const Graph graph = import_tflite(file, "m", options);
    const auto input = random_bytes(input_bytes, 1);
    const auto wanted = model_output(graph, run_oracle(graph, input));
    shop_.write("m.tflite", file);
    shop_.write("x.bin", input);
    for (const char* nodes : {"1", "2", "4"}) {
      std::vector<std::string> run = {"run",    "m.tflite", "x.bin",
                                      "--task", "raw",      "-o",
                                      "y.bin",  "--nodes",  nodes};
      run.insert(run.end(), more.begin(), more.end());
      expect_ok(shop_, run);
      EXPECT_EQ(shop_.read("y.bin"), wanted) << nodes << " nodes";
    }
  }

  Workshop shop_;
};

TEST_F(CliModels, ASignatureIsChosen) {
  ModelBuilder b;
  const int x = b.input({1, 4, 4, 2}, {0.05f, 4});
  const int y = b.unary(OpKind::kRelu, x, {0.03f, -9});
  b.output(y);
  RawModel& raw = b.raw();
  raw.subgraphs = {{raw.tensors, raw.ops, {x}, {y}}};
  raw.subgraphs[0].ops[0].code = op_info(OpKind::kTanh).code;
  raw.subgraphs[0].tensors.back().scale = {1 / 128.f};
  raw.subgraphs[0].tensors.back().zero = {0};
  raw.signatures = {{"encode", 0, {x}, {y}}, {"decode", 1, {x}, {y}}};
  for (const char* key : {"encode", "decode"}) {
    ImportOptions options;
    options.signature = key;
    expect_exact(b.finish(), 32, {"--signature", key}, options);
  }
  expect_refused(shop_.shoal({"run", "m.tflite", "x.bin"}), 2,
                 "has 2 signatures: encode, decode");
  expect_refused(shop_.shoal({"inspect", "m.tflite", "--signature", "x"}), 2,
                 "its signatures are encode, decode");
  expect_refused(
      shop_.shoal({"inspect", "zoo:mobilenet_v2", "--signature", "x"}), 2,
      "--signature");
}

TEST_F(CliModels, TruthValuesInsideAndAtTheOutputs) {
  ModelBuilder b;
  const int x = b.input({1, 6, 5, 3}, {0.05f, 4});
  const int y = b.input({1, 6, 1, 3}, {0.04f, -7});
  const int more = b.truths(OpKind::kGreater, x, y);
  const int same = b.truths(OpKind::kEqual, y, b.constant({}, {0}, {0.04f, 0}));
  const int both = b.truths(OpKind::kLogicalAnd, more, b.logical_not(same));
  b.output(both);
  b.output(b.select(both, x, b.constant({3}, {1, 2, 3}, {0.05f, 4})));
  b.output(b.truths(OpKind::kLessEqual, x, x));
  expect_exact(b.finish(), 6 * 5 * 3 + 6 * 3);
}

TEST_F(CliModels, NormalizedVectors) {
  ModelBuilder b;
  const int x = b.input({1, 5, 4, 24}, {0.05f, 4});
  b.output(b.l2_norm(x));
  b.output(b.l2_norm(b.reshape(x, {1, 480})));
  expect_exact(b.finish(), 480);
}

// The kernel is larger than what it is laid over.
TEST_F(CliModels, TransposedConvolutionsOfOneRowOrColumn) {
  struct Size {
    int rows, columns, kernel, stride;
  };
  for (const Size& s : {Size{1, 1, 4, 2}, Size{1, 6, 4, 2}, Size{6, 1, 4, 2},
                        Size{1, 5, 7, 1}, Size{2, 1, 8, 4}}) {
    SCOPED_TRACE(testing::Message()
                 << s.rows << " x " << s.columns << " by " << s.kernel);
    ModelBuilder b;
    const int x = b.input({1, s.rows, s.columns, 3}, {0.05f, 4});
    const auto count = static_cast<size_t>(5 * s.kernel * s.kernel * 3);
    std::vector<int8_t> values;
    for (const uint8_t v : random_bytes(count, 2)) {
      values.push_back(static_cast<int8_t>(v));
    }
    const int w = b.weights({5, s.kernel, s.kernel, 3}, values, {0.01f}, 0);
    const int height = (s.rows - 1) * s.stride + s.kernel;
    const int width = (s.columns - 1) * s.stride + s.kernel;
    b.output(b.transpose_conv(
        x, w, -1, {0.2f, 1}, height, width,
        {.stride_h = s.stride, .stride_w = s.stride, .same = false}));
    expect_exact(b.finish(), static_cast<size_t>(s.rows * s.columns * 3));
  }
}

// A node's share may be one row or column of a window whose others are padding
// behind it.
TEST_F(CliModels, MostOfAWindowIsPadding) {
  OnnxBuilder b;
  b.input("x", {1, 5, 7, 1});
  const std::string x = b.rounded("x", 1 / 64.f, 0);
  const std::string w = b.weights("w", {7, 5, 3, 1}, some_bytes(105), {0.005f});
  b.node("Conv", {x, w}, "y",
         {{"dilations", Ints{2, 1}},
          {"pads", Ints{0, 0, 4, 0}},
          {"strides", Ints{2, 3}}});
  b.output(b.rounded("y", 1 / 50.f, 0));
  shop_.write("m.onnx", b.finish());
  for (const char* nodes : {"2", "3", "4", "5"}) {
    expect_ok(shop_, {"verify", "m.onnx", "random:1", "--nodes", nodes});
  }
}

}  // namespace
}  // namespace shoal
