#include "host/model/graph/difference.h"

#include <algorithm>
#include <cstddef>

namespace shoal {
namespace {

std::string tensor_difference(const Tensor& a, const Tensor& b) {
  if (a.name != b.name) return "name \"" + a.name + "\", \"" + b.name + '"';
  if (a.type != b.type || a.file_type != b.file_type) return "type";
  if (a.shape != b.shape) return "shape";
  if (a.quant.scale != b.quant.scale || a.quant.zero != b.quant.zero ||
      a.quant.axis != b.quant.axis) {
    return "quantization";
  }
  if (a.constant != b.constant) return "constant or not";
  return a.data == b.data ? "" : "data";
}

std::string op_difference(const Op& a, const Op& b) {
  if (a.kind != b.kind) return op_name(b.kind);
  if (a.inputs != b.inputs) return "inputs";
  if (a.outputs != b.outputs) return "outputs";
  return a.attr == b.attr ? "" : "attributes";
}

std::string counts(const char* what, size_t a, size_t b) {
  return std::to_string(a) + " and " + std::to_string(b) + ' ' + what;
}

}  // namespace

std::string graph_difference(const Graph& a, const Graph& b) {
  for (size_t i = 0; i < std::min(a.tensors.size(), b.tensors.size()); ++i) {
    const std::string what = tensor_difference(a.tensors[i], b.tensors[i]);
    if (!what.empty()) {
      return "tensor " + std::to_string(i) + " \"" + a.tensors[i].name +
             "\": " + what;
    }
  }
  for (size_t i = 0; i < std::min(a.ops.size(), b.ops.size()); ++i) {
    const std::string what = op_difference(a.ops[i], b.ops[i]);
    if (!what.empty()) {
      return "op " + std::to_string(i) + ' ' + op_name(a.ops[i].kind) + ": " +
             what;
    }
  }
  if (a.tensors.size() != b.tensors.size()) {
    return counts("tensors", a.tensors.size(), b.tensors.size());
  }
  if (a.ops.size() != b.ops.size()) {
    return counts("operators", a.ops.size(), b.ops.size());
  }
  if (a.variables != b.variables) return "variables";
  if (a.inputs != b.inputs) return "model inputs";
  if (a.pixels != b.pixels) return "normalization of pixels";
  return a.outputs == b.outputs ? "" : "model outputs";
}

}  // namespace shoal
