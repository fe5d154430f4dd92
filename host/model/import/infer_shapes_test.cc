// Shapes that a file leaves open or does not store.
#include <gtest/gtest.h>

#include <cstring>

#include "host/base/error.h"
#include "host/model/graph/difference.h"
#include "host/model/import/import.h"
#include "host/model/import/testing/model_builder.h"
#include "host/model/import/testing/sample_models.h"

namespace shoal {
namespace {

bool is_inferred(const RawOp& op) {
  const OpInfo* info = find_op(op.code);
  return info != nullptr && op.outputs.size() == 1 &&
         info->kind != OpKind::kGatherNd;
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

// Builds a net whose RESHAPE takes what there is (-1) or sizes of its own.
std::vector<uint8_t> net_of(int rows, int columns, int flat) {
  ModelBuilder b;
  const ModelBuilder::Scale scale{0.05f, 4};
  const int x = b.input({1, rows, columns, 4}, scale);
  b.rename(x, "x");
  const std::vector<int> parts = b.split(x, 3, 2);
  const int whole = b.concatenation({parts[1], parts[0]}, 3);
  const int cut = b.strided_slice(
      whole, {{0, 1, 0, 0}, {1, rows, columns, 4}, {1, 1, 1, 1}});
  // To the end of the axis, whatever that is.
  b.raw().ops.back().options.end_mask = 6;
  const std::vector<int32_t> ends = {1, 9, 9, 4};
  std::memcpy(b.data(b.raw().ops.back().inputs[2]).data(), ends.data(), 16);
  const int gap = b.pad(cut, {0, 1, 0, 0}, {0, 0, 0, 0});
  const int act =
      b.unary(OpKind::kRelu, b.binary(OpKind::kAdd, gap, x, scale), scale);
  const int y = b.reshape(act, {1, rows * columns, 4});
  const std::vector<int32_t> sizes = {1, flat, 4};
  std::memcpy(b.data(b.raw().ops.back().inputs[1]).data(), sizes.data(), 12);
  b.output(y);
  return b.finish();
}

TEST(InferShapes, OfAnotherInputShape) {
  for (const auto& [rows, columns] : {std::pair{4, 6}, {9, 5}, {2, 1}}) {
    const ImportOptions asked{.shapes = {"x=1x" + std::to_string(rows) + "x" +
                                         std::to_string(columns) + "x4"}};
    const Graph found = import_tflite(net_of(6, 8, -1), "m", asked);
    const Graph wanted = import_tflite(net_of(rows, columns, -1), "m");
    EXPECT_EQ(graph_difference(wanted, found), "") << rows << "x" << columns;
  }
}

std::string refusal(std::span<const uint8_t> file, const std::string& shape,
                    Exit code) {
  try {
    import_tflite(file, "m", {.shapes = {shape}});
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), code) << error.what();
    return error.what();
  }
  return "imported";
}

TEST(InferShapes, OfAnotherInputShapeThatDoesNotGoIn) {
  const std::vector<uint8_t> net = net_of(6, 8, 48);
  EXPECT_EQ(refusal(net, "x=1x12x4x4", Exit::kOk), "imported");
  EXPECT_EQ(refusal(net, "x=1x6x9x4", Exit::kUnsupported),
            "m: RESHAPE that makes tensor 14 \"t14\" has sizes of its own: "
            "1x6x9x4 does not go into it");
  EXPECT_EQ(refusal(net, "x=1x6x8x3", Exit::kUnsupported).substr(0, 8),
            "m: SPLIT");
  EXPECT_EQ(refusal(net, "x=6x8x4", Exit::kUsage),
            "--input-shape: 6x8x4 has 3 axes, the input 4: 1x6x8x4");
  EXPECT_EQ(refusal(net, "y=1x6x8x4", Exit::kUsage),
            "--input-shape: no model input is named 'y'");
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
