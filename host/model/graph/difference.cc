#include "host/model/graph/difference.h"

#include <algorithm>
#include <cstddef>
#include <vector>

#include "host/model/graph/loops.h"

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

// Tensors in the order in which operators first name them. Others are gone.
Graph in_order_of_use(const Graph& g) {
  Graph out = g;
  out.tensors.clear();
  std::vector<int> places(g.tensors.size(), -1);
  const auto take = [&](std::vector<int>& list) {
    for (int& t : list) {
      if (t < 0) continue;
      int& place = places[static_cast<size_t>(t)];
      if (place < 0) {
        place = static_cast<int>(out.tensors.size());
        out.tensors.push_back(g.tensors[static_cast<size_t>(t)]);
      }
      t = place;
    }
  };
  take(out.inputs);
  for (Op& op : out.ops) take(op.inputs), take(op.outputs);
  take(out.outputs);
  for (Variable& v : out.variables) {
    std::vector<int> ends{v.before, v.after};
    take(ends);
    v.before = ends[0], v.after = ends[1];
  }
  return out;
}

}  // namespace

std::string graph_difference(const Graph& one, const Graph& other) {
  // A file has the tensors of a loop elsewhere.
  const bool loops = !find_loops(one).empty();
  const Graph &a = loops ? in_order_of_use(one) : one,
              &b = loops ? in_order_of_use(other) : other;
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
