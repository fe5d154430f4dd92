// Random networks and the sample models: written and read again, every tensor
// and operator is the same.
#include <gtest/gtest.h>

#include <optional>

#include "host/base/error.h"
#include "host/model/export/export.h"
#include "host/model/graph/difference.h"
#include "host/model/import/import.h"
#include "host/model/import/testing/sample_models.h"
#include "tests/random_net.h"

namespace shoal {
namespace {

Graph again(const Graph& graph) {
  return import_tflite(export_tflite(graph), graph.name);
}

// A graph as ONNX and the quantizer make it: without the constants that only
// the file needs.
Graph without_operands(const Graph& graph) {
  std::vector<bool> used(graph.tensors.size(), false);
  for (const Op& op : graph.ops) {
    for (const auto* list : {&op.inputs, &op.outputs}) {
      for (const int t : *list) {
        if (t >= 0) used[static_cast<size_t>(t)] = true;
      }
    }
  }
  Graph out = graph;
  std::vector<int> number(graph.tensors.size(), -1);
  out.tensors.clear();
  for (size_t i = 0; i < graph.tensors.size(); ++i) {
    if (!used[i] && graph.tensors[i].constant) continue;
    number[i] = static_cast<int>(out.tensors.size());
    out.tensors.push_back(graph.tensors[i]);
  }
  const auto renumber = [&number](std::vector<int>& list) {
    for (int& t : list) t = t < 0 ? t : number[static_cast<size_t>(t)];
  };
  for (Op& op : out.ops) {
    renumber(op.inputs);
    renumber(op.outputs);
  }
  renumber(out.inputs);
  renumber(out.outputs);
  return out;
}

void expect_round_trips(const Graph& graph) {
  EXPECT_EQ(graph_difference(with_operands(graph), graph), "");
  EXPECT_EQ(graph_difference(again(graph), graph), "");
  const Graph bare = without_operands(graph);
  const Graph full = with_operands(bare);
  EXPECT_EQ(graph_difference(again(bare), full), "");
  EXPECT_EQ(graph_difference(with_operands(full), full), "");
}

TEST(ExportRandom, SampleModelsOfAllOperators) {
  for (const Type type : {Type::kInt8, Type::kUint8, Type::kFloat32}) {
    for (const SampleModel& sample : sample_models(5, type)) {
      if (type == Type::kUint8 && sample.name == "float_ends") continue;
      SCOPED_TRACE(sample.name);
      expect_round_trips(import_tflite(sample.file, sample.name));
    }
  }
}

std::optional<Graph> legal_graph(const std::vector<uint8_t>& file) {
  try {
    return import_tflite(file, "model");
  } catch (const Error&) {
    return std::nullopt;
  }
}

// Files with one bit flipped that are still legal: odd masks, axes, scales and
// shapes that no converter writes.
TEST(ExportRandom, DamagedButLegalModels) {
  int legal = 0;
  for (const Type type : {Type::kInt8, Type::kFloat32}) {
    for (const SampleModel& sample : sample_models(2, type)) {
      std::vector<uint8_t> file = sample.file;
      for (size_t i = 0; i < file.size() && !HasFailure(); ++i) {
        SCOPED_TRACE(sample.name + " byte " + std::to_string(i));
        const auto bit = static_cast<uint8_t>(1u << (i * 5 % 8));
        file[i] ^= bit;
        const std::optional<Graph> graph = legal_graph(file);
        file[i] ^= bit;
        if (!graph) continue;
        ++legal;
        EXPECT_EQ(graph_difference(again(*graph), with_operands(*graph)), "");
      }
    }
  }
  EXPECT_GT(legal, 1000);
}

TEST(ExportRandom, RandomNetworks) {
  for (uint32_t seed = 1; seed <= 300; ++seed) {
    SCOPED_TRACE(seed);
    const Graph graph =
        import_tflite(random_model(random_recipe(seed)), "random");
    expect_round_trips(graph);
    if (testing::Test::HasFailure()) break;
  }
}

}  // namespace
}  // namespace shoal
