// Networks of float32 that join their results as bytes.
#include <gtest/gtest.h>

#include <cstring>

#include "host/base/error.h"
#include "host/base/testing/expect_throws.h"
#include "host/model/import/import.h"
#include "host/model/import/testing/model_builder.h"

namespace shoal {
namespace {

// RELU of a picture, as bytes from -0.5 to 0.77 behind a TRANSPOSE.
struct FloatEnds {
  ModelBuilder b{Type::kFloat32};
  int y, moved;
  FloatEnds() {
    y = b.unary(OpKind::kRelu, b.input({1, 4, 3, 2}, {}), {});
    const int bytes = b.quantize(y, {0.005f, -28});
    moved = b.transpose(bytes, {0, 2, 1, 3});
  }
  RawTensor& tensor(int t) { return b.raw().tensors[static_cast<size_t>(t)]; }
};

float limit_of(const Graph& g, const Op& op) {
  float value = 0;
  const Tensor& t = g.tensors[static_cast<size_t>(op.inputs[1])];
  EXPECT_EQ(t.data.size(), sizeof value);
  std::memcpy(&value, t.data.data(), sizeof value);
  return value;
}

TEST(FloatEnds, AreClampedAndNotRounded) {
  for (const bool dequantized : {false, true}) {
    FloatEnds n;
    int out = n.moved;
    if (dequantized) out = n.b.dequantize(n.moved);
    n.b.rename(out, "result");
    n.b.output(out);
    const Graph g = import_tflite(n.b.finish(), "m");
    EXPECT_TRUE(is_float(g));
    ASSERT_EQ(g.ops.size(), 4u);
    EXPECT_EQ(g.ops[1].kind, OpKind::kMaximum);
    EXPECT_EQ(limit_of(g, g.ops[1]), 0.005f * -100);
    EXPECT_EQ(g.ops[2].kind, OpKind::kMinimum);
    EXPECT_EQ(limit_of(g, g.ops[2]), 0.005f * 155);
    EXPECT_EQ(g.ops[3].kind, OpKind::kTranspose);
    EXPECT_EQ(g.outputs, g.ops[3].outputs);
    const Tensor& y = g.tensors[static_cast<size_t>(g.outputs[0])];
    EXPECT_EQ(y.type, Type::kFloat32);
    EXPECT_EQ(y.name, "result");
  }
}

// A float end at an operator that computes with bytes is refused as before.
TEST(FloatEnds, AreNoMoreWhereBytesAreComputed) {
  FloatEnds n;
  n.b.output(n.b.add(n.moved, n.moved, {0.01f, 0}));
  n.tensor(n.b.raw().outputs[0]).type = kCodeInt8;
  n.tensor(n.b.raw().outputs[0]).scale = {0.01f};
  n.tensor(n.b.raw().outputs[0]).zero = {0};
  expect_throws([&] { import_tflite(n.b.finish(), "m"); }, Exit::kUnsupported);
}

}  // namespace
}  // namespace shoal
