// Functions of one value between a DEQUANTIZE and a QUANTIZE.
#include "host/model/export/functions.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>

#include "host/base/error.h"
#include "host/base/testing/expect_throws.h"
#include "host/model/export/export.h"
#include "host/model/graph/difference.h"
#include "host/model/graph/quantize.h"
#include "host/model/import/import.h"
#include "host/model/import/testing/model_builder.h"

namespace shoal {
namespace {

const BuilderScale kBytes{0.05f, 4}, kOther{0.07f, -3};

class FunctionBuilder {
 public:
  explicit FunctionBuilder(Type type = Type::kInt8) : b_(type), type_(type) {
    // A network whose layers are all real would be one of float32.
    const int x = b_.input({1, 4, 4, 2}, kBytes);
    value_ = b_.dequantize(b_.unary(OpKind::kRelu6, x, kBytes));
  }

  int value() const { return value_; }
  int unary(OpKind kind, int t) { return real(b_.unary(kind, t, kBytes)); }
  int binary(OpKind kind, int a, int b) {
    return real(b_.binary(kind, a, b, kBytes));
  }
  int constant(float value) {
    const int c = real(b_.constant({1}, {1}, {}));
    b_.data(c).resize(sizeof value);
    std::memcpy(b_.data(c).data(), &value, sizeof value);
    return c;
  }
  void end(int t) { b_.output(b_.quantize(t, kOther, type_)); }
  void output(int t) { b_.output(t); }
  Graph import() { return import_tflite(b_.finish(), "m"); }

 private:
  // The builder gives results their first operand's type and scale.
  int real(int t) {
    RawTensor& tensor = b_.raw().tensors[static_cast<size_t>(t)];
    tensor.type = kCodeFloat32;
    tensor.scale.clear();
    tensor.zero.clear();
    return t;
  }

  ModelBuilder b_;
  Type type_;
  int value_ = -1;
};

// x * tanh(log(1 + e^x)).
int mish(FunctionBuilder& b) {
  const int one =
      b.binary(OpKind::kAdd, b.unary(OpKind::kExp, b.value()), b.constant(1));
  const int tanh = b.unary(OpKind::kTanh, b.unary(OpKind::kLog, one));
  return b.binary(OpKind::kMul, b.value(), tanh);
}

TEST(Functions, AreOneTable) {
  for (const Type type : {Type::kInt8, Type::kUint8}) {
    FunctionBuilder b(type);
    b.end(mish(b));
    const Graph g = b.import();
    ASSERT_EQ(g.ops.size(), 2u);
    ASSERT_EQ(g.ops[1].kind, OpKind::kFunction);
    EXPECT_EQ(g.ops[1].inputs, g.ops[0].outputs);
    const auto table = unary_table(g, g.ops[1]);
    const Tensor& x = g.tensors[static_cast<size_t>(g.ops[1].inputs[0])];
    const Tensor& y = g.tensors[static_cast<size_t>(g.outputs[0])];
    for (int q = -128; q < 128; ++q) {
      const float v = dequantize(static_cast<int8_t>(q), x.scale(), x.zero());
      const float made = v * std::tanh(std::log(std::exp(v) + 1));
      EXPECT_EQ(table[static_cast<size_t>(q + 128)],
                quantize_float(made, y.scale(), y.zero()))
          << q;
    }
  }
}

TEST(Functions, AreWrittenAndReadAgain) {
  FunctionBuilder b;
  b.end(mish(b));
  const Graph g = b.import();
  const Graph again = import_tflite(export_tflite(g), "m");
  EXPECT_EQ(graph_difference(again, with_operands(g)), "");
  EXPECT_EQ(with_steps_of_functions(g).ops.size(), 8u);
}

// A step that the model gives out in float32 cannot be part of a table.
TEST(Functions, WhoseStepGoesOutAreRefused) {
  FunctionBuilder b;
  const int exp = b.unary(OpKind::kExp, b.value());
  b.end(b.unary(OpKind::kLog, exp));
  b.output(exp);
  expect_throws([&] { b.import(); }, Exit::kUnsupported);
}

TEST(Functions, LongerThanAnyExportersAreRefused) {
  FunctionBuilder b;
  int t = b.value();
  for (int i = 0; i < 65; ++i) t = b.unary(OpKind::kNeg, t);
  b.end(t);
  EXPECT_THROW(b.import(), Error);
}

TEST(Functions, NotANumberIsTheZeroPoint) {
  FunctionBuilder b;
  b.end(b.unary(OpKind::kSqrt, b.value()));
  const Graph g = b.import();
  const Tensor& y = g.tensors[static_cast<size_t>(g.outputs[0])];
  EXPECT_EQ(unary_table(g, g.ops[1])[0], y.zero());
}

}  // namespace
}  // namespace shoal
