// ONNX's own tests of single operators (onnx/backend/test/data; Debian's
// libonnx-testdata has them): what is accepted gives the results that stand
// beside it, to 1e-5 of the largest. SHOAL_ONNX_DATA names their folder;
// tools/onnx_nodes.sh prints the figures.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <iostream>
#include <map>

#include "host/base/error.h"
#include "host/base/files.h"
#include "host/model/onnx/model.h"
#include "host/model/onnx/onnx.h"
#include "host/oracle/float/float_oracle.h"

namespace shoal {
namespace {

using Bytes = std::vector<uint8_t>;
using onnx_import::ConstantRef;
using onnx_import::OnnxModel;
using onnx_import::OnnxTensor;

void add_varint(Bytes& to, size_t value) {
  for (; value > 127; value >>= 7) {
    to.push_back(static_cast<uint8_t>(value | 128));
  }
  to.push_back(static_cast<uint8_t>(value));
}

// A field of a protobuf message that holds bytes.
void add_field(Bytes& to, int number, const Bytes& value) {
  add_varint(to, static_cast<size_t>(number) << 3 | 2);
  add_varint(to, value.size());
  to.insert(to.end(), value.begin(), value.end());
}

// ModelProto.graph.initializer, to be put behind a model: messages that follow
// each other are one.
Bytes initializer(Bytes tensor, const std::string& name) {
  constexpr int kName = 8, kInitializer = 5, kGraph = 7;
  add_field(tensor, kName, Bytes(name.begin(), name.end()));
  Bytes graph, model;
  add_field(graph, kInitializer, tensor);
  add_field(model, kGraph, graph);
  return model;
}

ConstantRef tensor_of(const std::filesystem::path& path) {
  // IR version 8, opset 17.
  Bytes model{0x08, 8, 0x42, 2, 0x10, 17};
  const Bytes more = initializer(read_file(path), "t");
  model.insert(model.end(), more.begin(), more.end());
  return onnx_import::decode_onnx(model, "test data").constants.at(0);
}

// Row-major [N, C, H, W] as [N, H, W, C].
std::vector<float> turned(const std::vector<float>& values,
                          const std::vector<int64_t>& dims) {
  const int64_t c = dims[1], h = dims[2], w = dims[3];
  std::vector<float> out;
  out.reserve(values.size());
  for (int64_t n = 0; n < dims[0]; ++n) {
    for (int64_t at = 0; at < h * w; ++at) {
      for (int64_t k = 0; k < c; ++k) {
        out.push_back(values[static_cast<size_t>((n * c + k) * h * w + at)]);
      }
    }
  }
  return out;
}

// Places and other whole numbers are compared as reals.
std::vector<float> reals_of(const OnnxTensor& t) {
  if (!t.floats.empty()) return t.floats;
  return {t.ints.begin(), t.ints.end()};
}

bool near(const float* made, const std::vector<float>& expected) {
  float largest = 1e-3f;
  for (const float v : expected) {
    if (std::isfinite(v)) largest = std::max(largest, std::abs(v));
  }
  for (size_t i = 0; i < expected.size(); ++i) {
    if (made[i] == expected[i]) continue;
    if (std::isnan(made[i]) && std::isnan(expected[i])) continue;
    if (!(std::abs(made[i] - expected[i]) <= 1e-5f * largest)) return false;
  }
  return true;
}

struct Case {
  OnnxModel model;
  Bytes file;
  std::vector<ConstantRef> inputs, outputs;
  std::vector<Bytes> pieces;  // of the inputs
  std::vector<std::string> names;
};

Case read_case(const std::filesystem::path& folder) {
  Case c;
  c.file = read_file(folder / "model.onnx");
  c.model = onnx_import::decode_onnx(c.file, "m");
  const auto data = folder / "test_data_set_0";
  for (size_t i = 0; i < c.model.inputs.size(); ++i) {
    const auto path = data / ("input_" + std::to_string(i) + ".pb");
    if (!std::filesystem::exists(path)) break;
    c.pieces.push_back(read_file(path));
    c.inputs.push_back(tensor_of(path));
    c.names.push_back(c.model.inputs[i].name);
  }
  for (size_t i = 0; i < c.model.outputs.size(); ++i) {
    c.outputs.push_back(
        tensor_of(data / ("output_" + std::to_string(i) + ".pb")));
  }
  return c;
}

// Returns whether the graph computes the outputs that stand beside the case's
// inputs.
bool agrees(const Case& c, const Graph& graph) {
  std::vector<float> input;
  for (const int t : graph.inputs) {
    const Tensor& tensor = graph.tensors[static_cast<size_t>(t)];
    const auto at = std::ranges::find(c.names, tensor.name) - c.names.begin();
    const ConstantRef& given = c.inputs[static_cast<size_t>(at)];
    const auto values = given->dims.size() == 4
                            ? turned(given->floats, given->dims)
                            : given->floats;
    input.insert(input.end(), values.begin(), values.end());
  }
  FloatOracle oracle(graph);
  oracle.run(input);
  const std::vector<float> made = oracle.output();
  const float* next = made.data();
  for (const ConstantRef& expected : c.outputs) {
    const bool picture = expected->dims.size() == 4;
    const std::vector<float> values = reals_of(*expected);
    const auto left = static_cast<size_t>(made.data() + made.size() - next);
    if (values.size() > left) return false;
    if (!near(next, values) &&
        !(picture && near(next, turned(values, expected->dims)))) {
      std::cout << "first of " << values.size() << " values: " << *next
                << ", expected " << values[0] << "\n";
      return false;
    }
    next += values.size();
  }
  return next == made.data() + made.size();
}

// Inputs that are no reals, and with `one` all but the first that is, become
// constants of the model.
Graph imported(const Case& c, bool one) {
  Bytes file = c.file;
  bool any = false;
  for (size_t i = 0; i < c.pieces.size(); ++i) {
    const bool real = c.inputs[i]->type == onnx_import::kOnnxFloat;
    if (real && !(one && any)) {
      any = true;
      continue;
    }
    const Bytes more = initializer(c.pieces[i], c.names[i]);
    file.insert(file.end(), more.begin(), more.end());
  }
  return import_onnx(file, "m");
}

struct Tally {
  int agree = 0, refused = 0;
  std::string why;
};

std::string operator_of(const Case& c) {
  return c.model.nodes.empty() ? "?" : c.model.nodes.back().type;
}

void check(const std::filesystem::path& folder,
           std::map<std::string, Tally>& tallies) {
  Case c;
  try {
    c = read_case(folder);
  } catch (const Error& error) {
    // Opsets of training, sequences instead of tensors.
    Tally& tally = tallies["(other opsets, no tensors)"];
    ++tally.refused;
    tally.why = error.what();
    return;
  }
  for (const ConstantRef& t : c.inputs) {
    if (t->count() > 0) continue;
    ++tallies["(empty tensors)"].refused;
    return;
  }
  Tally& tally = tallies[operator_of(c)];
  std::string why;
  for (const bool one : {false, true}) {
    try {
      const Graph graph = imported(c, one);
      EXPECT_TRUE(agrees(c, graph));
      ++tally.agree;
      return;
    } catch (const Error& error) {
      // "m: has no input": the case has no reals.
      const bool constant =
          std::string(error.what()).find("has no input") != std::string::npos;
      EXPECT_TRUE(error.code() == Exit::kUnsupported || constant)
          << error.what();
      why = error.what();
    }
  }
  ++tally.refused;
  tally.why = why.substr(why.rfind("\n") + 1);
}

TEST(OnnxNodes, WhatIsAcceptedAgrees) {
  const char* root = std::getenv("SHOAL_ONNX_DATA");
  if (root == nullptr) GTEST_SKIP() << "SHOAL_ONNX_DATA is not set";
  std::map<std::string, Tally> tallies;
  for (const auto& entry :
       std::filesystem::recursive_directory_iterator(root)) {
    if (entry.path().filename() != "model.onnx") continue;
    const auto folder = entry.path().parent_path();
    if (!std::filesystem::exists(folder / "test_data_set_0" / "output_0.pb")) {
      continue;
    }
    SCOPED_TRACE(folder.filename().string());
    check(folder, tallies);
  }
  int agree = 0, refused = 0;
  for (const auto& [type, tally] : tallies) {
    std::cout << type << ": " << tally.agree << " agree, " << tally.refused
              << " refused" << (tally.refused > 0 ? ": " + tally.why : "")
              << "\n";
    agree += tally.agree;
    refused += tally.refused;
  }
  std::cout << "all: " << agree << " agree, " << refused << " refused\n";
  EXPECT_GT(agree, 0);
}

}  // namespace
}  // namespace shoal
