// ONNX's own tests of single operators (onnx/backend/test/data; Debian's
// libonnx-testdata has them): what is accepted gives the results that stand
// beside it, to 1e-5 of the largest. SHOAL_ONNX_DATA names their folder;
// tools/onnx_nodes.sh prints the figures.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <iostream>
#include <map>

#include "host/base/error.h"
#include "host/base/files.h"
#include "host/model/onnx/model.h"
#include "host/model/onnx/onnx.h"
#include "host/oracle/float/float_oracle.h"
#include "host/oracle/int8/oracle.h"

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
template <class T>
std::vector<T> turned(const std::vector<T>& values,
                      const std::vector<int64_t>& dims) {
  const int64_t c = dims[1], h = dims[2], w = dims[3];
  std::vector<T> out;
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
  if (t.type == onnx_import::kOnnxUint8) {
    return {t.bytes.begin(), t.bytes.end()};
  }
  std::vector<float> out(t.ints.begin(), t.ints.end());
  for (const uint8_t b : t.bytes) out.push_back(static_cast<int8_t>(b));
  return out;
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

void read_case(const std::filesystem::path& folder, Case& c) {
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
}

// Returns whether the graph computes the outputs that stand beside the case's
// inputs.
bool agrees(const Case& c, const Graph& graph) {
  std::vector<float> input;
  for (const int t : graph.inputs) {
    const Tensor& tensor = graph.tensors[static_cast<size_t>(t)];
    const auto at = std::ranges::find(c.names, tensor.name) - c.names.begin();
    const ConstantRef& given = c.inputs[static_cast<size_t>(at)];
    const auto reals = reals_of(*given);
    const auto values =
        given->dims.size() == 4 ? turned(reals, given->dims) : reals;
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

bool is_quantized(const Graph& graph) {
  return std::ranges::any_of(graph.tensors, [](const Tensor& t) {
    return t.type == Type::kInt8 && !t.constant && !is_bool(t);
  });
}

template <class T>
Bytes as_bytes(const std::vector<T>& values) {
  const auto* from = reinterpret_cast<const uint8_t*>(values.data());
  return {from, from + values.size() * sizeof(T)};
}

// A tensor of the case in the file's bytes, pictures as [N, H, W, C].
Bytes bytes_of(const OnnxTensor& t) {
  const auto laid_out = [&](const auto& values) {
    return t.dims.size() == 4 ? turned(values, t.dims) : values;
  };
  if (t.type == onnx_import::kOnnxFloat) return as_bytes(laid_out(t.floats));
  if (t.type == onnx_import::kOnnxInt32) {
    return as_bytes(
        laid_out(std::vector<int32_t>(t.ints.begin(), t.ints.end())));
  }
  return laid_out(t.bytes);
}

// Real values as the bytes of the graph's input, which a QuantizeLinear of the
// file makes of them.
Bytes rounded(const Bytes& reals, const Tensor& input) {
  if (input.type != Type::kInt8) return reals;
  Bytes out;
  for (size_t i = 0; i < reals.size(); i += sizeof(float)) {
    float value = 0;
    std::memcpy(&value, &reals[i], sizeof value);
    const double byte = std::nearbyint(value / input.scale()) + input.zero();
    const int q = static_cast<int>(std::clamp(byte, -128., 127.));
    out.push_back(
        static_cast<uint8_t>(input.file_type == Type::kUint8 ? q + 128 : q));
  }
  return out;
}

// Returns whether the quantized graph gives the outputs that stand beside the
// case's inputs, bytes to one quantum.
bool agrees_in_bytes(const Case& c, const Graph& graph) {
  Bytes input;
  for (const int t : graph.inputs) {
    const Tensor& tensor = graph.tensors[static_cast<size_t>(t)];
    const auto at = std::ranges::find(c.names, tensor.name) - c.names.begin();
    const OnnxTensor& given = *c.inputs[static_cast<size_t>(at)];
    const Bytes bytes = given.type == onnx_import::kOnnxFloat
                            ? rounded(bytes_of(given), tensor)
                            : bytes_of(given);
    input.insert(input.end(), bytes.begin(), bytes.end());
  }
  const Bytes made = model_output(graph, run_oracle(graph, input));
  size_t next = 0;
  for (const ConstantRef& out : c.outputs) {
    const Bytes expected = bytes_of(*out);
    if (expected.size() > made.size() - next) {
      std::cout << made.size() << " bytes, expected more\n";
      return false;
    }
    const bool bytes = out->bytes.size() == expected.size();
    for (size_t i = 0; i < expected.size(); ++i, ++next) {
      const auto value = [&](uint8_t b) {
        return out->type == onnx_import::kOnnxUint8 ? int{b}
                                                    : static_cast<int8_t>(b);
      };
      const int far = value(made[next]) - value(expected[i]);
      if (std::abs(far) > (bytes ? 1 : 0)) {
        std::cout << "byte " << i << ": " << int{made[next]} << ", expected "
                  << int{expected[i]} << "\n";
        return false;
      }
    }
  }
  return next == made.size();
}

// Which of the case's inputs stay inputs of the model; the others become
// constants, as they are in networks.
enum class Inputs { kReals, kFirstReal, kFirstBytes };

Graph imported(const Case& c, Inputs kept) {
  Bytes file = c.file;
  bool any = false;
  for (size_t i = 0; i < c.pieces.size(); ++i) {
    const int type = c.inputs[i]->type;
    const bool real = type == onnx_import::kOnnxFloat;
    const bool bytes =
        type == onnx_import::kOnnxUint8 || type == onnx_import::kOnnxInt8;
    const bool fits = kept == Inputs::kFirstBytes ? bytes : real;
    if (fits && !(kept != Inputs::kReals && any)) {
      any = true;
      continue;
    }
    const Bytes more = initializer(c.pieces[i], c.names[i]);
    file.insert(file.end(), more.begin(), more.end());
  }
  return import_onnx(file, "m");
}

// Why a case is refused. The first rule that fits holds: words of the case's
// name or its operators, or of the message.
struct Rule {
  const char* reason;
  std::vector<const char*> operators;
  std::vector<const char*> messages;
};
const std::vector<Rule>& rules() {
  static const std::vector<Rule> kRules = {
      {"training (losses, gradients, dropped elements)",
       {"Gradient", "NegativeLogLikelihoodLoss", "SoftmaxCrossEntropyLoss"},
       {"training", "a mask of what is dropped", "its result 1",
        "NegativeLogLikelihoodLoss_", "SoftmaxCrossEntropyLoss_",
        "ai.onnx.preview"}},
      {"control flow", {"If", "Loop", "Scan"}, {}},
      {"recurrent networks", {"GRU", "LSTM", "RNN"}, {}},
      {"strings", {"StringNormalizer", "TfIdfVectorizer"}, {"STRING"}},
      {"sequences, optional values and maps",
       {"ConcatFromSequence", "Optional", "OptionalGetElement",
        "OptionalHasElement", "ReverseSequence", "SequenceAt",
        "SequenceConstruct", "SequenceEmpty", "SequenceErase", "SequenceInsert",
        "SequenceLength", "SequenceMap", "SplitToSequence"},
       {"stored in segments", "initializer \"t\""}},
      {"random numbers",
       {"Bernoulli", "RandomUniformLike", "RandomNormalLike"},
       {}},
      {"spectra and windows of signals",
       {"BlackmanWindow", "DFT", "HammingWindow", "HannWindow",
        "MelWeightMatrix", "STFT"},
       {}},
      {"places or sizes that depend on computed values",
       {"Compress", "GatherElements", "GridSample", "MaxUnpool",
        "NonMaxSuppression", "NonZero", "OneHot", "RoiAlign", "Scatter",
        "ScatterElements", "ScatterND", "TopK", "Unique"},
       {"places of", "indices of the maxima", "GatherElements"}},
      {"algebra that convolutional networks do not have",
       {"Acos", "Acosh", "Asin", "Asinh", "Atan", "Atanh", "BitShift", "Cosh",
        "Det", "Einsum", "EyeLike", "Hardmax", "IsInf", "IsNaN", "ReduceProd",
        "Sinh", "Tan", "Trilu", "Xor"},
       {"exponents that differ", "an exponent of", "the last of equal",
        "node 0 Mod"}},
      {"regions, and corners of a scaled length (Resize)",
       {},
       {"regions;", "coordinates \""}},
      {"outputs of transposed convolutions beyond what is computed",
       {},
       {"are computed; use pads"}},
      {"scales per channel of computed values",
       {},
       {"scales per channel of a computed"}},
      {"scales that are computed",
       {},
       {"a scale that", "scale follows from each frame",
        "input \"x_scale\": is a scalar"}},
      {"volumes (three axes of places)", {}, {"of 5 axes"}},
      {"batches (a batch of n is n frames: --input-shape)", {}, {"a batch of"}},
      {"other types than float32 and quantized bytes",
       {"CastLike"},
       {"a cast to", "data of type", "of type", "its integers are"}},
      {"no operator is left (the result is a constant)",
       {"Constant", "ConstantOfShape", "Range", "Shape", "Size"},
       {"is a constant", "empty tensors", "is empty"}},
      {"all operands are integers or truth values", {}, {"has no input"}},
  };
  return kRules;
}

std::string reason_of(const Case& c, const std::string& message) {
  for (const Rule& rule : rules()) {
    for (const char* type : rule.operators) {
      for (const auto& node : c.model.nodes) {
        if (node.type == type) return rule.reason;
      }
    }
    for (const char* words : rule.messages) {
      if (message.find(words) != std::string::npos) return rule.reason;
    }
  }
  return "";
}

struct Tally {
  int agree = 0;
  std::map<std::string, int> refused;  // by reason
};

std::string operator_of(const Case& c) {
  return c.model.nodes.empty() ? "?" : c.model.nodes.back().type;
}

// The message without the heading and without advice.
std::string shortened(const std::string& message) {
  std::string line = message.substr(message.rfind('\n') + 1);
  return line.substr(0, 160);
}

void refuse(const Case& c, const std::string& message, Tally& tally) {
  const std::string reason = reason_of(c, message);
  std::cout << "refused " << operator_of(c) << ": " << reason << ": "
            << shortened(message) << "\n";
  EXPECT_FALSE(reason.empty()) << "no rule fits: " << message;
  ++tally.refused[reason];
}

void check(const std::filesystem::path& folder,
           std::map<std::string, Tally>& tallies) {
  Case c;
  try {
    read_case(folder, c);
  } catch (const Error& error) {
    // Opsets of training, sequences instead of tensors.
    refuse(c, error.what(), tallies["(unreadable)"]);
    return;
  }
  Tally& tally = tallies[operator_of(c)];
  for (const ConstantRef& t : c.inputs) {
    if (t->count() == 0) return refuse(c, "empty tensors", tally);
  }
  std::string why;  // of the attempt that is most like a network
  for (const Inputs kept :
       {Inputs::kReals, Inputs::kFirstReal, Inputs::kFirstBytes}) {
    try {
      const Graph graph = imported(c, kept);
      EXPECT_TRUE(is_quantized(graph) ? agrees_in_bytes(c, graph)
                                      : agrees(c, graph));
      ++tally.agree;
      return;
    } catch (const Error& error) {
      // "m: has no input": the case has no such input.
      const std::string message = error.what();
      const bool constant = message.find("has no input") != std::string::npos ||
                            message.find("is a scalar") != std::string::npos;
      EXPECT_TRUE(error.code() == Exit::kUnsupported || constant) << message;
      if (why.empty() || (!constant && kept != Inputs::kFirstBytes)) {
        why = message;
      }
    }
  }
  refuse(c, why, tally);
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
  std::map<std::string, int> reasons;
  for (const auto& [type, tally] : tallies) {
    std::cout << type << ": " << tally.agree << " agree";
    for (const auto& [reason, count] : tally.refused) {
      std::cout << "; " << count << " refused: " << reason;
      refused += count;
      reasons[reason] += count;
    }
    std::cout << "\n";
    agree += tally.agree;
  }
  std::cout << "\n";
  for (const auto& [reason, count] : reasons) {
    std::cout << count << " refused: " << reason << "\n";
  }
  std::cout << "all: " << agree << " agree, " << refused << " refused\n";
  EXPECT_GT(agree, 0);
}

}  // namespace
}  // namespace shoal
