// Every shared model against the operators, tensors and quantization that
// its golden traces list.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <sstream>
#include <string>
#include <vector>

#include "host/base/error.h"
#include "host/model/import/import.h"
#include "tests/shared.h"

namespace shoal {
namespace {

namespace fs = std::filesystem;

std::vector<std::string> split(const std::string& line, char mark) {
  std::vector<std::string> out;
  std::string part;
  for (std::istringstream in(line); std::getline(in, part, mark);) {
    out.push_back(part);
  }
  return out;
}

std::vector<std::vector<std::string>> table(const fs::path& path) {
  std::vector<std::vector<std::string>> rows;
  std::ifstream in(path);
  for (std::string line; std::getline(in, line);) {
    if (!line.empty() && line[0] != '#') rows.push_back(split(line, '\t'));
  }
  return rows;
}

std::vector<fs::path> models() {
  std::vector<fs::path> out;
  for (const char* folder : {"models", "models/synth"}) {
    for (const auto& entry : fs::directory_iterator(shared_dir() / folder)) {
      if (entry.path().extension() == ".tflite") out.push_back(entry.path());
    }
  }
  return out;
}

// float32 with int8 weights.
bool is_hybrid_model(const std::string& model) {
  return model == "kws_ref_model_float32";
}

std::string joined(const Shape& shape) {
  std::string out;
  for (const int size : shape) {
    out += (out.empty() ? "" : "x") + std::to_string(size);
  }
  return out;
}

int file_zero(const Tensor& t) {
  const bool shifted = t.file_type == Type::kUint8 && t.type == Type::kInt8;
  return t.zero() + (shifted ? 128 : 0);
}

void expect_tensor(const Graph& graph, int tensor,
                   const std::vector<std::string>& row) {
  const Tensor& t = graph.tensors.at(static_cast<size_t>(tensor));
  EXPECT_EQ(std::to_string(tensor), row[2]);
  EXPECT_EQ(t.name, row[3]);
  EXPECT_EQ(type_name(t.file_type), row[4]);
  EXPECT_EQ(joined(t.shape), row[5]);
  if (row[6] == "-") {
    EXPECT_TRUE(t.quant.scale.empty());
    return;
  }
  EXPECT_EQ(t.scale(), std::strtof(row[6].c_str(), nullptr));
  EXPECT_EQ(std::to_string(file_zero(t)), row[7]);
}

void expect_trace(const Graph& graph, const fs::path& path) {
  SCOPED_TRACE(path.string());
  std::vector<std::pair<int, const Op*>> made;
  for (const int t : graph.inputs) made.emplace_back(t, nullptr);
  for (const Op& op : graph.ops) {
    for (const int t : op.outputs) made.emplace_back(t, &op);
  }
  const auto rows = table(path);
  ASSERT_EQ(rows.size(), made.size());
  for (size_t i = 0; i < rows.size(); ++i) {
    const Op* op = made[i].second;
    EXPECT_EQ(op == nullptr ? "INPUT" : op_name(op->kind), rows[i][1]);
    expect_tensor(graph, made[i].first, rows[i]);
  }
}

TEST(GoldenImport, EveryModelHasTheOperatorsAndTensorsOfItsTraces) {
  int traces = 0;
  for (const fs::path& path : models()) {
    SCOPED_TRACE(path.string());
    if (is_hybrid_model(path.stem())) continue;
    const Graph graph = load_model(path);
    EXPECT_EQ(graph.name, path.filename());
    const fs::path folder = shared_dir() / "golden" / path.stem();
    if (!fs::exists(folder)) continue;
    for (const auto& entry : fs::directory_iterator(folder)) {
      if (!entry.path().string().ends_with(".layers.tsv")) continue;
      expect_trace(graph, entry.path());
      ++traces;
    }
  }
  EXPECT_GE(traces, 180);
}

std::string without_commas(std::string number) {
  std::erase(number, ',');
  return number;
}

// From the tables "Models" of the README and synth.tsv.
std::map<std::string, std::string> golden_macs() {
  std::map<std::string, std::string> macs;
  for (const auto& row : table(shared_dir() / "golden" / "synth.tsv")) {
    macs[row[0]] = row[3];
  }
  std::ifstream in(shared_dir() / "golden" / "README.md");
  for (std::string line; std::getline(in, line);) {
    const auto cells = split(line, '|');
    if (cells.size() != 10) continue;
    const std::string model = cells[1].substr(1, cells[1].size() - 2);
    const std::string number = cells[7].substr(1, cells[7].size() - 2);
    if (!number.empty() && std::isdigit(number[0])) {
      macs[model] = without_commas(number);
    }
  }
  return macs;
}

// The tables count no MACs of transposed convolutions.
int64_t macs_of_tables(const Graph& graph) {
  int64_t macs = model_macs(graph);
  for (const Op& op : graph.ops) {
    if (op.kind == OpKind::kTransposeConv) macs -= op_macs(graph, op);
  }
  return macs;
}

TEST(GoldenImport, MacsAreThoseOfTheGoldenTables) {
  const auto macs = golden_macs();
  EXPECT_EQ(macs.size(), 17u + 73u);
  for (const fs::path& path : models()) {
    const auto expected = macs.find(path.stem());
    if (expected == macs.end()) continue;
    const Graph graph = load_model(path);
    EXPECT_EQ(std::to_string(macs_of_tables(graph)), expected->second) << path;
  }
}

TEST(GoldenImport, FloatModelsAreFloat32Throughout) {
  std::vector<std::string> names;
  for (const fs::path& path : models()) {
    if (is_hybrid_model(path.stem())) continue;
    const Graph graph = load_model(path);
    if (!is_float(graph)) continue;
    names.push_back(path.stem());
    for (const Op& op : graph.ops) {
      for (const int t : op.inputs) {
        if (t < 0) continue;
        EXPECT_EQ(graph.tensors[static_cast<size_t>(t)].type, Type::kFloat32);
      }
    }
  }
  std::sort(names.begin(), names.end());
  EXPECT_EQ(names, (std::vector<std::string>{"ad01_fp32", "pretrainedResnet",
                                             "vww_96_float"}));
}

// Weights of bytes in a model of float32.
TEST(GoldenImport, DynamicRangeModelsAreFloatModels) {
  const Graph graph =
      load_model(shared_dir() / "models" / "kws_ref_model_float32.tflite");
  EXPECT_TRUE(is_float(graph));
  EXPECT_GT(model_macs(graph), 1000000);
}

TEST(GoldenImport, Uint8OriginalEqualsItsShiftedTwin) {
  const fs::path folder = shared_dir() / "models";
  const std::string model = "mobilenet_v1_0.25_128_quant";
  const Graph a = load_model(folder / (model + ".tflite"));
  const Graph b = load_model(folder / (model + "_i8shift.tflite"));
  ASSERT_EQ(a.tensors.size(), b.tensors.size());
  for (size_t i = 0; i < a.tensors.size(); ++i) {
    const Tensor& s = a.tensors[i];
    const Tensor& t = b.tensors[i];
    SCOPED_TRACE(s.name);
    EXPECT_EQ(s.type, t.type);
    EXPECT_EQ(s.shape, t.shape);
    EXPECT_EQ(s.quant.scale, t.quant.scale);
    EXPECT_EQ(s.quant.zero, t.quant.zero);
    EXPECT_TRUE(s.data == t.data);
    EXPECT_EQ(s.file_type, s.type == Type::kInt8 ? Type::kUint8 : Type::kInt32);
  }
}

}  // namespace
}  // namespace shoal
