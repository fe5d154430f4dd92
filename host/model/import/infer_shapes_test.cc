// Shapes that a file leaves open or does not store.
#include <gtest/gtest.h>

#include "host/base/error.h"
#include "host/model/graph/difference.h"
#include "host/model/import/import.h"
#include "host/model/import/testing/model_builder.h"
#include "host/model/import/testing/sample_models.h"

namespace shoal {
namespace {

bool is_inferred(const RawOp& op) {
  const OpInfo* info = find_op(op.code);
  if (info == nullptr || op.outputs.size() != 1) return false;
  const OpClass c = class_of(info->kind);
  return c != OpClass::kSlice && c != OpClass::kGather &&
         c != OpClass::kMatmul && c != OpClass::kArg;
}

void expect_the_same(const SampleModel& sample, const RawModel& raw) {
  const Graph expected = import_tflite(sample.file, "m");
  const Graph found = import_tflite(encode(raw), "m");
  EXPECT_EQ(graph_difference(expected, found), "") << sample.name;
}

TEST(InferShapes, OfResultsWithoutOne) {
  for (const Type type : {Type::kInt8, Type::kFloat32}) {
    for (const SampleModel& sample : sample_models(1, type)) {
      RawModel raw = decode(sample.file, "m");
      for (const RawOp& op : raw.ops) {
        // Constants of half precision are widened before.
        if (!is_inferred(op) || find_op(op.code)->kind == OpKind::kDequantize) {
          continue;
        }
        RawTensor& y = raw.tensors[static_cast<size_t>(op.outputs[0])];
        if (y.type != kCodeResource) y.shape.clear();
      }
      expect_the_same(sample, raw);
    }
  }
}

TEST(InferShapes, OfABatchThatTheFileLeavesOpen) {
  for (const SampleModel& sample : sample_models()) {
    RawModel raw = decode(sample.file, "m");
    for (const RawOp& op : raw.ops) {
      if (!is_inferred(op)) continue;
      RawTensor& y = raw.tensors[static_cast<size_t>(op.outputs[0])];
      if (y.type == kCodeResource || y.shape.empty()) continue;
      y.signature = y.shape;
      y.signature[0] = -1;
      y.shape[0] = 1;  // not what SPACE_TO_BATCH_ND makes
    }
    expect_the_same(sample, raw);
  }
}

// Where nothing can be inferred, the file's word stands and is refused.
TEST(InferShapes, OfWhatIsWrongIsLeftToTheChecks) {
  ModelBuilder b;
  const int x = b.input({1, 4, 4, 2}, {0.05f, 4});
  const int y = b.pad(x, {0, 1, 1, 0}, {0, 1, 1, 0});
  b.output(y);
  const int32_t huge = 0x7FFFFFFF;
  std::vector<uint8_t>& pads = b.data(b.raw().ops.back().inputs[1]);
  for (const size_t at : {4u, 5u, 6u}) {
    ASSERT_LE(4 * at + 4, pads.size());
    std::copy_n(reinterpret_cast<const uint8_t*>(&huge), 4, &pads[4 * at - 8]);
  }
  b.raw().tensors[static_cast<size_t>(y)].shape.clear();
  EXPECT_THROW(import_tflite(b.finish(), "m"), Error);
}

}  // namespace
}  // namespace shoal
