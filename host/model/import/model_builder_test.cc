#include "host/model/import/testing/model_builder.h"

#include <gtest/gtest.h>

#include <set>

#include "host/model/import/import.h"
#include "host/model/import/testing/sample_models.h"

namespace shoal {
namespace {

TEST(SampleModels, ImportAndUseEveryOperator) {
  std::set<OpKind> used;
  for (const SampleModel& sample : sample_models()) {
    SCOPED_TRACE(sample.name);
    EXPECT_LT(sample.file.size(), 8000u);
    const Graph graph = import_tflite(sample.file, sample.name);
    for (const Op& op : graph.ops) used.insert(op.kind);
  }
  // Models with variables are not written; see import_variables_test.cc and
  // tests/lstm_test.cc.
  used.insert({OpKind::kReadVariable, OpKind::kLstm});
  // Loops are read from the files that tests/loops_test.cc writes.
  used.insert(OpKind::kDelay);
  // In float32 alone; and what only lowering makes.
  used.insert({OpKind::kFloorDiv, OpKind::kFloorMod, OpKind::kTable});
  for (int kind = 0; kind <= static_cast<int>(OpKind::kSoftmax); ++kind) {
    EXPECT_TRUE(used.contains(static_cast<OpKind>(kind)))
        << op_name(static_cast<OpKind>(kind));
  }
}

void expect_twins(const Tensor& a, const Tensor& b) {
  SCOPED_TRACE(a.name);
  EXPECT_EQ(a.type, b.type);
  EXPECT_EQ(a.shape, b.shape);
  EXPECT_EQ(a.quant.scale, b.quant.scale);
  EXPECT_EQ(a.quant.zero, b.quant.zero);
  EXPECT_EQ(a.data, b.data);
}

TEST(SampleModels, Uint8FilesGiveTheSameGraphs) {
  const auto signed_models = sample_models(7);
  const auto unsigned_models = sample_models(7, Type::kUint8);
  for (size_t m = 0; m < 3; ++m) {
    SCOPED_TRACE(signed_models[m].name);
    const Graph a = import_tflite(signed_models[m].file, "int8");
    const Graph b = import_tflite(unsigned_models[m].file, "uint8");
    ASSERT_EQ(a.tensors.size(), b.tensors.size());
    for (size_t i = 0; i < a.tensors.size(); ++i) {
      expect_twins(a.tensors[i], b.tensors[i]);
    }
    const auto input = static_cast<size_t>(b.inputs[0]);
    EXPECT_EQ(a.tensors[input].file_type, Type::kInt8);
    EXPECT_EQ(b.tensors[input].file_type, Type::kUint8);
  }
}

TEST(ModelBuilder, EncodeIsTheInverseOfDecode) {
  for (const SampleModel& sample : sample_models(3)) {
    const RawModel raw = decode(sample.file, sample.name);
    EXPECT_EQ(encode(raw), sample.file) << sample.name;
  }
}

TEST(ModelBuilder, KnowsShapesAndScales) {
  ModelBuilder b(Type::kUint8);
  const int x = b.input({1, 9, 8, 3}, {0.5f, -3});
  const int w = b.weights({4, 3, 3, 3}, std::vector<int8_t>(108, 1), {1}, 0);
  const int y = b.conv(x, w, -1, {0.25f, 9}, {.stride_h = 2, .same = false});
  EXPECT_EQ(b.shape(y), (Shape{1, 4, 6, 4}));
  EXPECT_EQ(b.scale(y).scale, 0.25f);
  EXPECT_EQ(b.scale(y).zero, 9);
  EXPECT_EQ(b.raw().tensors[static_cast<size_t>(y)].zero[0], 137);
}

}  // namespace
}  // namespace shoal
