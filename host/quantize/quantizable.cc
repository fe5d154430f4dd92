#include "host/quantize/quantizable.h"

#include <algorithm>
#include <cmath>

#include "host/base/error.h"
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

void check_operators(const Graph& graph, bool int16) {
  std::string lines;
  for (size_t i = 0; i < graph.ops.size(); ++i) {
    const Op& op = graph.ops[i];
    const char* const reason = why_not(graph, op, int16);
    if (reason == nullptr) continue;
    lines += "\n  op " + std::to_string(i) + " " + op_name(op.kind) + " '" +
             graph.tensors[op.outputs[0]].name + "': " + reason;
  }
  if (lines.empty()) return;
  throw Error(
      Exit::kUnsupported,
      graph.name + (int16 ? ": no int16 form:" : ": no int8 form:") + lines);
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
