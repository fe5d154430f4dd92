#include "host/model/graph/difference.h"

#include <algorithm>
#include <cstddef>
#include <tuple>
#include <variant>

namespace shoal {
namespace {

bool same(std::monostate, std::monostate) { return true; }
bool same(const WindowAttr& a, const WindowAttr& b) {
  const auto of = [](const WindowAttr& w) {
    return std::tuple(w.kernel_h, w.kernel_w, w.stride_h, w.stride_w,
                      w.dilation_h, w.dilation_w, w.pad_top, w.pad_left,
                      w.depth_multiplier, w.activation);
  };
  return of(a) == of(b);
}
bool same(const FusedAttr& a, const FusedAttr& b) {
  return a.activation == b.activation;
}
bool same(const ReduceAttr& a, const ReduceAttr& b) {
  return a.reduced == b.reduced;
}
bool same(const AxisAttr& a, const AxisAttr& b) { return a.axis == b.axis; }
bool same(const PadAttr& a, const PadAttr& b) {
  return a.before == b.before && a.after == b.after && a.value == b.value &&
         a.real == b.real;
}
bool same(const TransposeAttr& a, const TransposeAttr& b) {
  return a.perm == b.perm;
}
bool same(const SliceAttr& a, const SliceAttr& b) {
  return a.begin == b.begin && a.stride == b.stride && a.dropped == b.dropped;
}
bool same(const ResizeAttr& a, const ResizeAttr& b) {
  return a.align_corners == b.align_corners &&
         a.half_pixel_centers == b.half_pixel_centers;
}
bool same(const BlockAttr& a, const BlockAttr& b) { return a.block == b.block; }
bool same(const AlphaAttr& a, const AlphaAttr& b) { return a.value == b.value; }

bool same_attributes(const Attr& a, const Attr& b) {
  return std::visit(
      [&b]<class A>(const A& mine) {
        const A* other = std::get_if<A>(&b);
        return other != nullptr && same(mine, *other);
      },
      a);
}

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
  return same_attributes(a.attr, b.attr) ? "" : "attributes";
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
  if (a.inputs != b.inputs) return "model inputs";
  return a.outputs == b.outputs ? "" : "model outputs";
}

}  // namespace shoal
