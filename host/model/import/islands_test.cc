// float32 that is only moved between bytes and bytes.
#include <gtest/gtest.h>

#include <cstring>

#include "host/base/error.h"
#include "host/base/testing/expect_throws.h"
#include "host/model/graph/difference.h"
#include "host/model/import/import.h"
#include "host/model/import/testing/model_builder.h"

namespace shoal {
namespace {

const BuilderScale kBytes{0.05f, 4}, kOther{0.07f, -3};

RawTensor& tensor(ModelBuilder& b, int t) {
  return b.raw().tensors[static_cast<size_t>(t)];
}

// The builder gives what moves its operand's type and scale, so this gives the
// result float32's.
int real(ModelBuilder& b, int t) {
  tensor(b, t).type = kCodeFloat32;
  tensor(b, t).scale.clear();
  tensor(b, t).zero.clear();
  return t;
}

std::vector<OpKind> kinds(const Graph& g) {
  std::vector<OpKind> out;
  for (const Op& op : g.ops) out.push_back(op.kind);
  return out;
}

TEST(MoveBytes, ThroughWhatMoves) {
  for (const Type type : {Type::kInt8, Type::kUint8}) {
    ModelBuilder b(type);
    const int x = b.input({1, 4, 4, 2}, kBytes);
    const int turned = real(b, b.transpose(b.dequantize(x), {0, 2, 1, 3}));
    const int wide = real(b, b.mirror_pad(turned, {0, 1, 1, 0}, {0, 1, 1, 0}));
    const int rows = real(b, b.reshape(wide, {1, 36, 2}));
    b.output(b.quantize(rows, kBytes, type));
    const Graph g = import_tflite(b.finish(), "m");
    EXPECT_EQ(kinds(g), (std::vector{OpKind::kTranspose, OpKind::kMirrorPad,
                                     OpKind::kReshape}));
    EXPECT_EQ(g.ops[0].inputs, std::vector<int>{x});
    for (const Op& op : g.ops) {
      const Tensor& y = g.tensors[static_cast<size_t>(op.outputs[0])];
      EXPECT_EQ(y.type, Type::kInt8);
      EXPECT_EQ(y.scale(), kBytes.scale);
    }
  }
}

// Bytes of other scales are requantized, constants as well.
TEST(MoveBytes, OfOtherScalesAndConstants) {
  ModelBuilder b;
  const int x = b.input({1, 4, 4, 2}, kBytes);
  const int y = b.input({1, 4, 4, 2}, kOther);
  const int c = b.constant({1, 1, 4, 2}, std::vector<int8_t>(8, 1), {});
  std::vector<uint8_t>& floats = b.data(real(b, c));
  floats.resize(32);
  for (size_t i = 0; i < 8; ++i) {
    const float v = 0.3f * static_cast<float>(i) - 1;
    std::memcpy(&floats[4 * i], &v, sizeof v);
  }
  const int all =
      real(b, b.concatenation({b.dequantize(x), b.dequantize(y), c}, 1));
  b.output(b.quantize(all, kBytes));
  const Graph g = import_tflite(b.finish(), "m");
  EXPECT_EQ(kinds(g), (std::vector{OpKind::kQuantize, OpKind::kConcatenation}));
  EXPECT_EQ(g.ops[0].inputs, std::vector<int>{y});
  EXPECT_EQ(g.ops[1].inputs[0], x);
  const Tensor& made = g.tensors[static_cast<size_t>(g.ops[1].inputs[2])];
  ASSERT_TRUE(made.constant);
  // -1, -0.7, -0.4 ... in steps of 0.05, 4 being zero.
  EXPECT_EQ(made.data,
            (std::vector<uint8_t>{0xF0, 0xF6, 0xFC, 2, 8, 14, 20, 26}));
}

// A QUANTIZE may read the model input.
TEST(MoveBytes, OfAModelInput) {
  ModelBuilder b;
  const int x = b.float_input({1, 4, 4, 2});
  const int wide = real(b, b.mirror_pad(x, {0, 1, 1, 0}, {0, 1, 1, 0}));
  b.output(b.quantize(wide, kBytes));
  const Graph g = import_tflite(b.finish(), "m");
  EXPECT_EQ(kinds(g), (std::vector{OpKind::kQuantize, OpKind::kMirrorPad}));
}

// Operators that compute stay as they are and are refused, with the file's
// operators.
TEST(MoveBytes, NotThroughWhatComputes) {
  ModelBuilder b;
  const int in = b.input({1, 4, 4, 2}, kBytes);
  const int x = b.unary(OpKind::kRelu, in, kBytes);
  const int y = real(b, b.unary(OpKind::kRelu, b.dequantize(x), kBytes));
  const int all = real(b, b.concatenation({b.dequantize(x), y}, 1));
  b.output(b.quantize(all, kBytes));
  b.output(b.quantize(b.dequantize(x), kOther));
  expect_throws([&] { import_tflite(b.finish(), "m"); }, Exit::kUnsupported,
                "RELU \"t3\"");
}

// A window of float32 over frames of bytes, written by exporters that quantize
// all but variables.
struct Stream {
  ModelBuilder b;
  int x, v;
  explicit Stream(bool floats) {
    x = b.input({1, 1, 2, 3}, kBytes);
    v = b.variable({1, 4, 2, 3}, kBytes, std::vector<int8_t>(24, 5));
    int old = b.read_variable(v), now = x;
    if (floats) {
      RawTensor& initial = b.raw().subgraphs[0].tensors[1];
      std::vector<uint8_t> bytes(96);
      const float five = 0.05f;  // 5 - 4 steps
      for (size_t i = 0; i < 24; ++i) std::memcpy(&bytes[4 * i], &five, 4);
      initial.type = kCodeFloat32;
      initial.scale.clear();
      initial.zero.clear();
      initial_ = bytes;
      old = real(b, old);
      now = b.dequantize(x);
    }
    int all = b.concatenation({old, now}, 1);
    if (floats) all = b.quantize(real(b, all), kBytes);
    int last = b.strided_slice(all, {{0, 1, 0, 0}, {1, 5, 2, 3}, {1, 1, 1, 1}});
    b.output(b.reduce(OpKind::kMean, all, {1}, true, kBytes));
    if (floats) last = b.dequantize(last);
    b.assign_variable(v, last);
  }
  std::vector<uint8_t> initial_;
};

TEST(MoveBytes, OfVariables) {
  Stream stream(true);
  RawModel& raw = stream.b.raw();
  const uint32_t buffer = raw.subgraphs[0].tensors[1].buffer;
  const std::vector<uint8_t> file = stream.b.finish();
  RawModel written = decode(file, "m");
  written.buffers[buffer] = stream.initial_;
  const Graph g = import_tflite(encode(written), "m");
  const Graph expected = import_tflite(Stream(false).b.finish(), "m");
  EXPECT_EQ(kinds(g), kinds(expected));
  ASSERT_EQ(g.variables.size(), 1u);
  const Variable &a = g.variables[0], &e = expected.variables[0];
  EXPECT_EQ(a.name, e.name);
  EXPECT_EQ(a.initial, e.initial);
  for (const auto& [of, graph] : {std::pair{a, &g}, {e, &expected}}) {
    const Tensor& before = graph->tensors[static_cast<size_t>(of.before)];
    EXPECT_EQ(before.type, Type::kInt8);
    EXPECT_EQ(before.scale(), kBytes.scale);
    EXPECT_EQ(graph->ops.back().outputs == std::vector{of.after} ||
                  graph->ops[2].outputs == std::vector{of.after},
              true);
  }
}

// Longer than any file: refused, not a stack that overflows.
TEST(MoveBytes, NotThroughEndlessMovement) {
  ModelBuilder b;
  int t = b.dequantize(b.input({1, 4, 4, 2}, kBytes));
  for (int i = 0; i < 30000; ++i) {
    t = real(b, b.reshape(t, {1, i % 2 ? 4 : 2, i % 2 ? 4 : 8, 2}));
  }
  b.output(b.quantize(t, kBytes));
  EXPECT_THROW(import_tflite(b.finish(), "m"), Error);
}

TEST(MoveBytes, NotOfVariablesThatComputeInFloat) {
  Stream stream(true);
  RawModel& raw = stream.b.raw();
  for (RawOp& op : raw.ops) {
    if (op.code != op_info(OpKind::kConcatenation).code) continue;
    op.code = op_info(OpKind::kAdd).code;
    op.options.code = static_cast<int>(OptionsCode::kAdd);
  }
  const uint32_t buffer = raw.subgraphs[0].tensors[1].buffer;
  const std::vector<uint8_t> file = stream.b.finish();
  RawModel written = decode(file, "m");
  written.buffers[buffer] = stream.initial_;
  try {
    import_tflite(encode(written), "m");
    ADD_FAILURE();
  } catch (const Error& error) {
    EXPECT_EQ(std::string(error.what()),
              "m: not supported:\n  variable \"v0\" is computed with in "
              "float32");
  }
}

}  // namespace
}  // namespace shoal
