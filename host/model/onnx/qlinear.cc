// Operators that compute on bytes and say their scales themselves, as what
// they are short for: dequantize the operands, compute, quantize the result.
#include "host/model/onnx/qlinear.h"

#include <algorithm>

#include "host/model/onnx/parts.h"

namespace shoal::onnx_import {
namespace {

constexpr const char* kMicrosoft = "com.microsoft";

// Since this version Softmax is over one axis; before, over all from there on.
constexpr int64_t kOneAxisOpset = 13;
// Since this version the axes of ReduceMean are an operand.
constexpr int64_t kAxesOpset = 18;

// An operator's equivalent, and where its operands stand: each operand is
// followed by its scale and zero point, and so is the place of the result's.
struct Short {
  const char* type;
  const char* domain;
  const char* meant;
  std::vector<size_t> operands;
  size_t result;     // its scale
  size_t plain = 0;  // operands in front that have no scale
};
const std::vector<Short>& shorts() {
  static const std::vector<Short> kShorts = {
      {"QLinearConv", "", "Conv", {0, 3}, 6},
      {"QLinearMatMul", "", "MatMul", {0, 3}, 6},
      {"QLinearAdd", kMicrosoft, "Add", {0, 3}, 6},
      {"QLinearMul", kMicrosoft, "Mul", {0, 3}, 6},
      {"QLinearSigmoid", kMicrosoft, "Sigmoid", {0}, 3},
      {"QLinearLeakyRelu", kMicrosoft, "LeakyRelu", {0}, 3},
      {"QLinearAveragePool", kMicrosoft, "AveragePool", {0}, 3},
      {"QLinearGlobalAveragePool", kMicrosoft, "GlobalAveragePool", {0}, 3},
      {"QLinearReduceMean", kMicrosoft, "ReduceMean", {0}, 3},
      {"QLinearWhere", kMicrosoft, "Where", {1, 4}, 7, 1},
  };
  return kShorts;
}

class Expansion {
 public:
  explicit Expansion(OnnxModel& model) : model_(model) {}

  void run() {
    for (const OnnxNode& node : model_.nodes) expand(node);
    model_.nodes = std::move(out_);
  }

 private:
  void expand(const OnnxNode& node) {
    for (const Short& s : shorts()) {
      const bool domain = node.domain == s.domain ||
                          (*s.domain == 0 && node.domain == "ai.onnx");
      if (node.type == s.type && domain && expand_short(node, s)) return;
    }
    if (node.domain == kMicrosoft) {
      if (node.type == "QLinearConcat" && expand_concat(node)) return;
      if (node.type == "QGemm" && expand_gemm(node)) return;
      if (node.type == "QLinearSoftmax" && expand_softmax(node)) return;
      if (node.type == "QuantizeLinear" || node.type == "DequantizeLinear") {
        // They take more types than those of ONNX, and mean the same.
        out_.push_back(node);
        out_.back().domain.clear();
        return;
      }
    }
    out_.push_back(node);
  }

  static std::string operand(const OnnxNode& node, size_t i) {
    return i < node.inputs.size() ? node.inputs[i] : std::string();
  }

  // A part of a node, under its number.
  OnnxNode& add(const OnnxNode& of, const char* type,
                std::vector<std::string> inputs, std::string output) {
    return out_.emplace_back(
        part_of(of, type, std::move(inputs), std::move(output)));
  }

  // Operand i, which its scale and zero point follow, as real values.
  std::string dequantized(const OnnxNode& node, size_t i, int64_t axis) {
    const std::string name = node.outputs[0] + ":operand " + std::to_string(i);
    set_integer(
        add(node, "DequantizeLinear",
            {operand(node, i), operand(node, i + 1), operand(node, i + 2)},
            name),
        "axis", axis);
    return name;
  }

  // Operand i, a bias in units of the product of two scales, as real values.
  std::string dequantized_bias(const OnnxNode& node, size_t i,
                               const std::string& scale_a,
                               const std::string& scale_b) {
    const std::string& y = node.outputs[0];
    const std::string scale = y + ":bias scale", name = y + ":bias real";
    add(node, "Mul", {scale_a, scale_b}, scale);
    set_integer(add(node, "DequantizeLinear", {operand(node, i), scale}, name),
                "axis", 0);
    return name;
  }

  // The node's result: what `meant` makes of the operands, in the scale that
  // is operand `scale`, with its attributes but channels_last.
  void quantized(const OnnxNode& node, const char* meant,
                 std::vector<std::string> reals, size_t scale) {
    const std::string& y = node.outputs[0];
    const bool axes_are_operands =
        meant == std::string("ReduceMean") && model_.opset >= kAxesOpset;
    for (const OnnxAttribute& a : node.attributes) {
      if (!axes_are_operands || a.name != "axes") continue;
      OnnxTensor axes;
      axes.type = kOnnxInt64;
      axes.dims = {static_cast<int64_t>(a.integers.size())};
      axes.ints = a.integers;
      axes.name = y + ":axes";
      reals.push_back(axes.name);
      model_.constants.push_back(
          std::make_shared<const OnnxTensor>(std::move(axes)));
    }
    OnnxNode& made = add(node, meant, std::move(reals), y + ":real");
    for (const OnnxAttribute& a : node.attributes) {
      if (a.name == "channels_last") continue;
      if (a.name == "axes" && axes_are_operands) continue;
      made.attributes.push_back(a);
      if (a.name == "count_include_pad" && a.integer != 0) {
        made.attributes.back().integer = kCountsBeyond;
      }
    }
    add(node, "QuantizeLinear",
        {y + ":real", operand(node, scale), operand(node, scale + 1)}, y);
  }

  // Result's scale and zero point, then each operand with its own.
  bool expand_concat(const OnnxNode& node) {
    const size_t count = node.inputs.size();
    if (node.outputs.size() != 1 || node.outputs[0].empty() || count < 5 ||
        count % 3 != 2) {
      return false;
    }
    std::vector<std::string> reals;
    for (size_t i = 2; i < count; i += 3) {
      reals.push_back(dequantized(node, i, 0));
    }
    quantized(node, "Concat", std::move(reals), 0);
    return true;
  }

  // A and B with their scales, a bias or "", the result's scale.
  bool expand_gemm(const OnnxNode& node) {
    if (node.outputs.size() != 1 || node.outputs[0].empty() ||
        operand(node, 7).empty()) {
      return false;
    }
    int64_t columns = 1;
    for (const OnnxAttribute& a : node.attributes) {
      if (a.name == "transB" && a.integer != 0) columns = 0;
      // The bias would be in units of alpha times the product of the scales.
      if (a.name == "alpha" && a.real != 1) return false;
    }
    std::vector<std::string> reals{dequantized(node, 0, 1),
                                   dequantized(node, 3, columns)};
    if (!operand(node, 6).empty()) {
      reals.push_back(
          dequantized_bias(node, 6, operand(node, 1), operand(node, 4)));
    }
    quantized(node, "Gemm", std::move(reals), 7);
    return true;
  }

  // X with its scale, the result's scale. Its axis is the last one unless it
  // says another, and it names the version of Softmax that it is short for.
  bool expand_softmax(const OnnxNode& node) {
    if (node.outputs.size() != 1 || node.outputs[0].empty() ||
        operand(node, 3).empty()) {
      return false;
    }
    OnnxNode softmax = node;
    std::erase_if(softmax.attributes,
                  [](const OnnxAttribute& a) { return a.name == "opset"; });
    for (const OnnxAttribute& a : node.attributes) {
      const bool is_first = a.integer < kOneAxisOpset;
      if (a.name == "opset" && is_first != (model_.opset < kOneAxisOpset)) {
        return false;
      }
    }
    const bool says_axis =
        std::any_of(node.attributes.begin(), node.attributes.end(),
                    [](const OnnxAttribute& a) { return a.name == "axis"; });
    if (!says_axis) set_integer(softmax, "axis", -1);
    quantized(softmax, "Softmax", {dequantized(node, 0, 1)}, 3);
    return true;
  }

  // False for what the format's rules do not allow: the family says it then.
  bool expand_short(const OnnxNode& node, const Short& s) {
    if (node.outputs.size() != 1 || node.outputs[0].empty() ||
        node.inputs.size() < s.result + 1) {
      return false;
    }
    for (const OnnxAttribute& a : node.attributes) {
      if (a.name == "channels_last" && a.integer != 0) return false;
    }
    const bool convolves = node.type == "QLinearConv";
    std::vector<std::string> reals(node.inputs.begin(),
                                   node.inputs.begin() + s.plain);
    for (const size_t i : s.operands) {
      reals.push_back(dequantized(node, i, convolves ? 0 : 1));
    }
    if (convolves && !operand(node, 8).empty()) {
      reals.push_back(
          dequantized_bias(node, 8, operand(node, 1), operand(node, 4)));
    }
    quantized(node, s.meant, std::move(reals), s.result);
    return true;
  }

  OnnxModel& model_;
  std::vector<OnnxNode> out_;
};

}  // namespace

void expand_quantized(OnnxModel& model) { Expansion(model).run(); }

}  // namespace shoal::onnx_import
