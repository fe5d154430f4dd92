#include "host/quantize/quantizable.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <set>

#include "host/base/error.h"
#include "host/base/printable.h"
#include "host/model/graph/import_options.h"
#include "host/model/graph/operators.h"
#include "host/quantize/sharing.h"
#include "host/quantize/weights.h"

namespace shoal {
namespace {

// Maxima read padding below everything, or parts of it, and nothing else may.
bool only_maxima_read(const Graph& graph, int tensor) {
  for (const int t : graph.outputs) {
    if (t == tensor) return false;
  }
  for (const Op& op : graph.ops) {
    if (std::ranges::find(op.inputs, tensor) == op.inputs.end()) continue;
    const bool is_maximum =
        op.kind == OpKind::kMaxPool2d || op.kind == OpKind::kMaximum;
    const bool is_part =
        op.kind == OpKind::kSlice && only_maxima_read(graph, op.outputs[0]);
    if (!is_maximum && !is_part) return false;
  }
  return true;
}

// Null if it can be.
const char* why_not(const Graph& graph, const Op& op, bool int16) {
  const auto constant = [&](size_t i) {
    return i >= op.inputs.size() || op.inputs[i] < 0 ||
           graph.tensors[op.inputs[i]].constant;
  };
  if (int16 && !computes_int16(op.kind)) {
    return "TensorFlow Lite Micro does not compute it in int16";
  }
  if (int16 && op.kind == OpKind::kBatchMatmul &&
      (graph.tensors[op.inputs[0]].constant ||
       graph.tensors[op.inputs[1]].constant)) {
    return "a matrix of it is constant; use FULLY_CONNECTED";
  }
  if (int16 && op.kind == OpKind::kPadv2 &&
      std::get<PadAttr>(op.attr).real != 0) {
    return "int16 pads with 0 alone";
  }
  if (op.kind == OpKind::kQuantize || op.kind == OpKind::kDequantize) {
    return "the model is partly quantized already";
  }
  if (op.kind == OpKind::kFloorDiv || op.kind == OpKind::kFloorMod) {
    return "TensorFlow Lite computes it in float32 alone";
  }
  if (is_weights_operand(op, 1) && !(constant(1) && constant(2))) {
    return "its weights are not constant";
  }
  if (op.kind == OpKind::kPrelu && !constant(1)) {
    return "its alpha is not constant";
  }
  if (op.kind == OpKind::kLeakyRelu &&
      !(std::get<AlphaAttr>(op.attr).value >= 0)) {
    return "its alpha is negative";
  }
  if (op.kind == OpKind::kPadv2) {
    const float v = std::get<PadAttr>(op.attr).real;
    if (std::isnan(v) || v > -kLowest) return "it pads with no finite value";
    if (v <= kLowest && !only_maxima_read(graph, op.outputs[0])) {
      return "its padding of -infinity is for MAX_POOL_2D and MAXIMUM alone";
    }
  }
  return nullptr;
}

// Operators by the layers that people know them from.
const char* known_as(OpKind kind) {
  switch (kind) {
    case OpKind::kRsqrt:
      return "1 / square root, as in LayerNormalization";
    case OpKind::kGelu:
      return "an activation";
    case OpKind::kFunction:
      return "an activation such as the exact GELU or Softplus";
    default:
      return nullptr;
  }
}

// Says which values a file has under names of its own: what the import makes of
// one layer has the layer's name and ":part" behind it.
class LayerNames {
 public:
  explicit LayerNames(const Graph& graph) : graph_(graph) {
    for (const Tensor& t : graph.tensors) {
      ++count_[t.name];
      parts_[start_of(t.name)].insert(t.name);
    }
  }

  std::string layer_of(const Op& op) const {
    const std::string& name = at(op.outputs[0]).name;
    return is_part(name) ? start_of(name) : name;
  }
  // The name as a flag takes it; empty if no flag has a name for the value.
  std::string flag_of(int tensor) const {
    const std::string& name = at(tensor).name;
    const std::string value = flag_value(name, 0, count_.at(name) == 1);
    return is_part(name) || value != name ? "" : value;
  }

 private:
  static std::string start_of(const std::string& name) {
    return name.substr(0, name.find(':'));
  }
  bool is_part(const std::string& name) const {
    const std::string start = start_of(name);
    return start != name && parts_.at(start).size() > 1;
  }
  const Tensor& at(int t) const {
    return graph_.tensors[static_cast<size_t>(t)];
  }

  const Graph& graph_;
  std::map<std::string, int> count_;  // of values with a name
  std::map<std::string, std::set<std::string>> parts_;
};

// The flags that end the graph before these layers; empty: there are none.
std::string ends_before_layers(const Graph& graph, const LayerNames& names,
                               const std::set<std::string>& layers) {
  std::vector<Operation> operations;
  for (const Op& op : graph.ops) {
    operations.push_back({op.inputs, op.outputs,
                          !layers.contains(names.layer_of(op)),
                          has_weights(op.kind)});
  }
  std::vector<bool> inputs(graph.tensors.size()), constants;
  for (const int t : graph.inputs) inputs[static_cast<size_t>(t)] = true;
  for (const Tensor& t : graph.tensors) constants.push_back(t.constant);
  std::string flags;
  for (const int t : ends_before(operations, graph.tensors.size(), inputs,
                                 constants, graph.outputs)) {
    const std::string value = names.flag_of(t);
    if (value.empty()) return {};
    flags += " --outputs " + value;
  }
  return flags;
}

void check_operators(const Graph& graph, bool int16) {
  const LayerNames names(graph);
  std::set<std::string> layers, lines;
  std::string text;
  bool fits_int8 = true;
  for (size_t i = 0; i < graph.ops.size(); ++i) {
    const Op& op = graph.ops[i];
    const char* const reason = why_not(graph, op, int16);
    if (reason == nullptr) continue;
    fits_int8 &= why_not(graph, op, false) == nullptr;
    const std::string layer = names.layer_of(op);
    const char* const known = int16 ? known_as(op.kind) : nullptr;
    std::string line =
        std::string(op_name(op.kind)) + " '" + printable(layer) + "'";
    if (known != nullptr) line += std::string(" (") + known + ")";
    line += std::string(": ") + reason;
    layers.insert(layer);
    // A layer may have several such operators.
    if (!lines.insert(line).second) continue;
    text += "\n  op " + std::to_string(i) + " " + line;
  }
  if (text.empty()) return;
  if (!int16) {
    throw Error(Exit::kUnsupported, graph.name + ": no int8 form:" + text);
  }
  const std::string ends = ends_before_layers(graph, names, layers);
  std::string fix = fits_int8 ? "leave out --activations int16" : "";
  if (!ends.empty()) {
    fix +=
        (fix.empty() ? "end" : ", or end") + (" the model before that:" + ends);
  }
  throw Error(Exit::kUnsupported, graph.name + ": no int16 form:" + text, fix);
}

void check_constants(const Graph& graph) {
  for (const Tensor& t : graph.tensors) {
    if (!t.constant || t.type != Type::kFloat32) continue;
    for (const float v : constant_floats(t)) {
      if (std::isfinite(v)) continue;
      throw Error(Exit::kCorrupt, graph.name + ": constant '" + t.name +
                                      "' has values that are not finite");
    }
  }
}

void check_options(const Graph& graph, const QuantizeOptions& options) {
  if (!(options.percentile >= 50 && options.percentile <= 100)) {
    throw Error(Exit::kUsage,
                "a percentile of " + std::to_string(options.percentile),
                "give a number from 50 to 100");
  }
  if (options.input_ranges.size() > graph.inputs.size()) {
    throw Error(Exit::kUsage, std::to_string(options.input_ranges.size()) +
                                  " input ranges for " +
                                  std::to_string(graph.inputs.size()) +
                                  " inputs");
  }
  for (const auto& [low, high] : options.input_ranges) {
    const bool good = std::isfinite(low) && std::isfinite(high) && low <= 0 &&
                      high >= 0 && low < high;
    if (good) continue;
    throw Error(Exit::kUsage, "an input range from " + std::to_string(low) +
                                  " to " + std::to_string(high) +
                                  " does not hold zero");
  }
}

}  // namespace

void check_quantizable(const Graph& graph, const Calibration& calibration,
                       const QuantizeOptions& options) {
  if (!is_float(graph)) {
    throw Error(
        Exit::kUsage,
        graph.name + " is not a float model, so there is nothing to quantize");
  }
  if (calibration.count < 1) {
    throw Error(Exit::kUsage, "there are no calibration frames",
                "give pictures or inputs that the model is meant for");
  }
  check_options(graph, options);
  check_operators(graph, options.int16);
  check_constants(graph);
}

}  // namespace shoal
