// Export writes the importer's graph as a .tflite that imports to the identical
// graph.
#include <gtest/gtest.h>

#include <filesystem>

#include "host/base/files.h"
#include "host/model/export/export.h"
#include "host/model/graph/difference.h"
#include "host/model/import/import.h"
#include "host/model/onnx/onnx.h"
#include "host/model/onnx/testing/onnx_builder.h"
#include "host/model/onnx/testing/sample_onnx.h"

namespace shoal {
namespace {

void expect_same(const Graph& graph) {
  Graph read = import_tflite(export_tflite(graph), graph.name);
  // Behind the graph's tensors stand the operands (axes, sizes) that the file
  // needs and attributes hold here.
  for (size_t i = graph.tensors.size(); i < read.tensors.size(); ++i) {
    EXPECT_TRUE(read.tensors[i].constant) << read.tensors[i].name;
  }
  ASSERT_GE(read.tensors.size(), graph.tensors.size());
  const Graph whole = read;
  read.tensors.resize(graph.tensors.size());
  EXPECT_EQ(graph_difference(graph, read), "");
  EXPECT_EQ(graph_difference(whole, import_tflite(export_tflite(whole), "m")),
            "");
}

TEST(OnnxRoundTrip, NetworksOfTorch) {
  const std::filesystem::path data =
      SHOAL_SOURCE_DIR "/host/model/onnx/testdata";
  int files = 0;
  for (const auto& folder : {data, data / "operators"}) {
    for (const auto& entry : std::filesystem::directory_iterator(folder)) {
      if (entry.path().extension() != ".onnx") continue;
      SCOPED_TRACE(entry.path().filename().string());
      expect_same(import_onnx(read_file(entry.path()), "m"));
      ++files;
    }
  }
  EXPECT_GE(files, 75);
}

TEST(OnnxRoundTrip, NamesWithControlCharacters) {
  OnnxBuilder b;
  b.input("x\n", {1, 2, 4, 4});
  b.node("Relu", {"x\n"}, "a\x1b[31m");
  b.node("Tanh", {"a\x1b[31m"}, "a\x7f[31m");
  b.output("a\x7f[31m");
  const Graph graph = import_onnx(b.finish(), "m");
  EXPECT_EQ(graph.tensors[0].name, "x?");
  expect_same(graph);
}

TEST(OnnxRoundTrip, Samples) {
  for (const SampleOnnx& sample : sample_onnx()) {
    SCOPED_TRACE(sample.name);
    if (!sample.is_tflite) continue;
    expect_same(import_onnx(sample.file, "m"));
  }
}

TEST(OnnxRoundTrip, LoadModelKnowsOnnxByItsContent) {
  const Graph graph =
      load_model(SHOAL_SOURCE_DIR "/host/model/onnx/testdata/resnet18.onnx");
  EXPECT_TRUE(is_float(graph));
}

}  // namespace
}  // namespace shoal
