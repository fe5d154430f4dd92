// Every model of the shared set, lowered and run by the plain evaluator of
// nets: each tensor that the network keeps equals the oracle's.
#include <gtest/gtest.h>

#include <algorithm>
#include <cctype>
#include <filesystem>
#include <map>

#include "host/base/files.h"
#include "host/lower/testing/net_eval.h"
#include "host/model/import/import.h"
#include "host/oracle/int8/oracle.h"
#include "tests/shared.h"

namespace shoal {
namespace {

namespace fs = std::filesystem;

bool is_float_model(const std::string& name) {
  return name == "ad01_fp32" || name == "pretrainedResnet" ||
         name == "vww_96_float";
}

fs::path model_file(const std::string& name) {
  const fs::path models = shared_dir() / "models";
  const fs::path real = models / (name + ".tflite");
  return fs::exists(real) ? real : models / "synth" / (name + ".tflite");
}

std::vector<std::string> model_names() {
  std::vector<std::string> names;
  for (const auto& entry : fs::directory_iterator(shared_dir() / "golden")) {
    const std::string name = entry.path().filename().string();
    if (entry.is_directory() && !is_float_model(name)) names.push_back(name);
  }
  std::sort(names.begin(), names.end());
  return names;
}

std::vector<int8_t> int8_of(const std::vector<uint8_t>& bytes) {
  return {bytes.begin(), bytes.end()};
}

// Returns the bytes that the caller hands over for a model input: its int8
// bytes, or those of the QUANTIZE that reads a float input.
std::vector<int8_t> input_bytes(const Graph& g, const Values& values, int t) {
  if (g.tensors[t].type == Type::kInt8) return int8_of(values[t]);
  for (const Op& op : g.ops) {
    if (op.inputs[0] == t) return int8_of(values[op.outputs[0]]);
  }
  return {};
}

// Places of the first difference, for messages.
std::string difference(const std::vector<int8_t>& a,
                       const std::vector<int8_t>& b) {
  if (a.size() != b.size()) return "another size";
  const auto at = std::mismatch(a.begin(), a.end(), b.begin());
  if (at.first == a.end()) return "";
  return "element " + std::to_string(at.first - a.begin()) + " is " +
         std::to_string(*at.second) + ", expected " + std::to_string(*at.first);
}

void compare(const Graph& g, const Net& net, const Values& oracle) {
  std::vector<std::vector<int8_t>> inputs;
  for (int t : g.inputs) inputs.push_back(input_bytes(g, oracle, t));
  const NetValues values = run_net(g, net, inputs);
  for (size_t t = 0; t < g.tensors.size(); ++t) {
    if (!net.places[t]) continue;
    const Tensor& tensor = g.tensors[t];
    const auto expected = int8_of(tensor.constant ? tensor.data : oracle[t]);
    EXPECT_EQ(difference(expected, file_order_bytes(net, *net.places[t],
                                                    tensor.shape, values)),
              "")
        << "tensor " << t << " " << tensor.name;
  }
  for (size_t k = 0; k < net.outputs.size(); ++k) {
    const NetIo& io = net.outputs[k];
    const auto actual = file_order_bytes(
        net, io.place, g.tensors[io.file_tensor].shape, values);
    int from = io.file_tensor;
    for (const Op& op : g.ops) {
      if (op.kind == OpKind::kDequantize && op.outputs[0] == from) {
        from = op.inputs[0];
        break;
      }
    }
    const Tensor& tensor = g.tensors[from];
    EXPECT_EQ(difference(int8_of(tensor.constant ? tensor.data : oracle[from]),
                         actual),
              "")
        << "output " << k;
  }
}

class Lowered : public testing::TestWithParam<std::string> {};

TEST_P(Lowered, EqualsTheOracle) {
  const Graph graph = load_model(model_file(GetParam()).string());
  const Net net = lower(graph);
  EXPECT_EQ(net_faults(net), std::vector<std::string>{});
  EXPECT_EQ(net.places.size(), graph.tensors.size());
  int64_t macs = 0;
  for (const Layer& l : net.layers) macs += l.macs;
  EXPECT_EQ(macs, net.model_macs);
  std::vector<fs::path> cases;
  const fs::path folder = shared_dir() / "golden" / GetParam();
  for (const auto& entry : fs::directory_iterator(folder)) {
    if (entry.path().string().ends_with(".in.bin")) {
      cases.push_back(entry.path());
    }
  }
  ASSERT_FALSE(cases.empty());
  std::sort(cases.begin(), cases.end());
  // One picture proves a large model; its layers do not depend on values.
  if (macs > 10'000'000) cases.resize(1);
  for (const fs::path& file : cases) {
    SCOPED_TRACE(file.filename().string());
    const auto input = read_file(file.string());
    compare(graph, net, run_oracle(graph, input));
  }
}

INSTANTIATE_TEST_SUITE_P(Shared, Lowered, testing::ValuesIn(model_names()),
                         [](const auto& info) {
                           std::string name = info.param;
                           for (char& c : name) {
                             if (!std::isalnum(c)) c = '_';
                           }
                           return name;
                         });

}  // namespace
}  // namespace shoal
