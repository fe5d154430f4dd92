#include "host/quantize/convert.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <map>

#include "host/model/graph/quantize.h"
#include "host/model/graph/wide.h"
#include "host/quantize/weights.h"

namespace shoal {
namespace {

void set_type(Tensor& t, Type type) { t.type = t.file_type = type; }

void set_params(Tensor& t, const Params& p, bool int16) {
  set_type(t, int16 ? Type::kInt16 : Type::kInt8);
  t.quant = {{p.scale}, {p.zero}, 0};
}

template <class T>
void set_data(Tensor& t, const std::vector<T>& values) {
  t.constant = true;
  t.data.resize(values.size() * sizeof(T));
  std::memcpy(t.data.data(), values.data(), t.data.size());
}

class Converter {
 public:
  Converter(const Graph& graph, const Scales& scales, bool int16)
      : old_(graph), scales_(scales), int16_(int16), new_(graph) {}

  Graph run() {
    for (size_t t = 0; t < old_.tensors.size(); ++t) convert_tensor(t);
    new_.ops.clear();
    for (size_t i = 0; i < old_.ops.size(); ++i)
      convert_op(static_cast<int>(i));
    for (Variable& v : new_.variables) convert_initial(v);
    return std::move(new_);
  }

 private:
  // Constants stay floats until an operator says what it reads them as.
  void convert_tensor(size_t t) {
    Tensor& tensor = new_.tensors[t];
    if (tensor.type != Type::kFloat32 || tensor.constant) return;
    set_params(tensor, scales_.params[t], int16_);
  }

  int add(Tensor t) {
    new_.tensors.push_back(std::move(t));
    return static_cast<int>(new_.tensors.size()) - 1;
  }

  // The constant itself, or a copy if it is already something else.
  int place(int constant, const Tensor& wanted) {
    Tensor& t = new_.tensors[constant];
    const auto same = [&](const Tensor& other) {
      return other.type == wanted.type && other.data == wanted.data &&
             other.quant.scale == wanted.quant.scale &&
             other.quant.zero == wanted.quant.zero &&
             other.quant.axis == wanted.quant.axis;
    };
    if (t.type == Type::kFloat32) t = wanted;
    if (same(t)) return constant;
    std::vector<int>& copies = copies_[constant];
    for (const int copy : copies) {
      if (same(new_.tensors[copy])) return copy;
    }
    copies.push_back(add(wanted));
    new_.tensors[copies.back()].name += "/" + std::to_string(copies.size() + 1);
    return copies.back();
  }

  // Each layer has its own, correction changes them.
  int place_bias(int old, Tensor bias) {
    if (old < 0) return add(std::move(bias));
    Tensor& t = new_.tensors[old];
    if (t.type != Type::kFloat32) {
      bias.name += "/" + std::to_string(new_.tensors.size());
      return add(std::move(bias));
    }
    t = std::move(bias);
    return old;
  }

  int operand(int t) {
    const Tensor& old = old_.tensors[t];
    if (!old.constant || is_bool(old)) return t;
    return place(t, quantized(old, scales_.params[t]));
  }

  Tensor quantized(Tensor t, const Params& p) const {
    if (int16_) {
      std::vector<int16_t> values;
      for (const float v : constant_floats(t)) {
        values.push_back(quantize_to_int16(v, p.scale));
      }
      set_data(t, values);
    } else {
      set_bytes(t, p);
    }
    set_params(t, p, int16_);
    return t;
  }

  static void set_bytes(Tensor& t, const Params& p) {
    std::vector<int8_t> bytes;
    for (const float v : constant_floats(t)) {
      bytes.push_back(quantize_float(v, p.scale, p.zero));
    }
    set_data(t, bytes);
  }

  void convert_initial(Variable& v) const {
    if (v.initial.empty()) return;
    Tensor value = old_.tensors[v.before];
    value.data = std::move(v.initial);
    v.initial = quantized(std::move(value), scales_.params[v.before]).data;
  }

  // PRELU's alpha has eight bits beside int16.
  int alpha(int t) {
    Tensor wanted = old_.tensors[t];
    float most = 0;
    for (const float v : constant_floats(wanted)) {
      most = std::max(most, std::abs(v));
    }
    const Params p{most > 0 ? most / 127 : 0x1p-7F, 0};
    set_params(wanted, p, false);
    set_bytes(wanted, p);
    return place(t, wanted);
  }

  void convert_op(int number) {
    Op op = old_.ops[number];
    for (size_t i = 0; i < op.inputs.size(); ++i) {
      if (is_weights_operand(op, i)) continue;
      if (int16_ && op.kind == OpKind::kPrelu && i == 1) {
        op.inputs[i] = alpha(op.inputs[i]);
        continue;
      }
      op.inputs[i] = operand(op.inputs[i]);
      if (scales_.requantized.contains({number, static_cast<int>(i)})) {
        op.inputs[i] = requantize(op.inputs[i], op.outputs[0]);
      }
    }
    if (is_weights_operand(op, 1)) convert_weights(op);
    if (auto* pad = std::get_if<PadAttr>(&op.attr)) convert_pad(op, *pad);
    new_.ops.push_back(std::move(op));
  }

  // One QUANTIZE for all who want the same.
  int requantize(int x, int like) {
    const Params& p = scales_.params[like];
    for (const auto& [from, to] : quantizes_) {
      const Tensor& t = new_.tensors[to];
      if (from == x && t.scale() == p.scale && t.zero() == p.zero) return to;
    }
    Tensor t = new_.tensors[x];
    t.name += "/as/" + new_.tensors[like].name;
    t.constant = false;
    t.data.clear();
    set_params(t, p, int16_);
    const int y = add(std::move(t));
    quantizes_.emplace_back(x, y);
    new_.ops.push_back({OpKind::kQuantize, {x}, {y}, {}});
    return y;
  }

  void convert_weights(Op& op) {
    const Tensor& w = old_.tensors[op.inputs[1]];
    const bool has_bias = op.inputs.size() > 2 && op.inputs[2] >= 0;
    const WeightLayout layout = weight_layout(op, w);
    std::vector<float> bias(static_cast<size_t>(layout.channels), 0.f);
    if (has_bias) bias = constant_floats(old_.tensors[op.inputs[2]]);
    const QuantizedWeights q =
        quantize_weights(op, w, bias, scales_.params[op.inputs[0]],
                         scales_.params[op.outputs[0]], int16_);
    const size_t scales = q.scales.size();
    Tensor weights = w;
    set_type(weights, Type::kInt8);
    weights.quant = {q.scales, std::vector<int32_t>(scales, 0),
                     scales > 1 ? layout.axis() : 0};
    set_data(weights, q.values);
    op.inputs[1] = place(op.inputs[1], weights);

    Tensor b;
    b.name = has_bias ? old_.tensors[op.inputs[2]].name : w.name + "/bias";
    b.shape = {layout.channels};
    if (has_bias) b.shape = old_.tensors[op.inputs[2]].shape;
    set_type(b, int16_ ? Type::kInt64 : Type::kInt32);
    b.quant = {q.bias_scales, std::vector<int32_t>(scales, 0), 0};
    if (int16_) {
      set_data(b, q.bias);
    } else {
      set_data(b, std::vector<int32_t>(q.bias.begin(), q.bias.end()));
    }
    op.inputs.resize(3, -1);
    op.inputs[2] = place_bias(op.inputs[2], std::move(b));
  }

  void convert_pad(const Op& op, PadAttr& pad) {
    const Params& p = scales_.params[op.outputs[0]];
    if (int16_) {
      pad.value = 0;
      pad.real = 0;
      return;
    }
    pad.value = op.kind == OpKind::kPad
                    ? p.zero
                    : quantize_float(pad.real, p.scale, p.zero);
    pad.real = 0;
  }

  const Graph& old_;
  const Scales& scales_;
  const bool int16_;
  Graph new_;
  std::map<int, std::vector<int>> copies_;
  std::vector<std::pair<int, int>> quantizes_;
};

}  // namespace

Graph convert(const Graph& graph, const Scales& scales, bool int16) {
  return Converter(graph, scales, int16).run();
}

Graph without_unused(Graph graph) {
  std::vector<bool> used(graph.tensors.size());
  const auto mark = [&](std::vector<int>& list) {
    for (const int t : list) {
      if (t >= 0) used[t] = true;
    }
  };
  const auto for_each_list = [&](const auto& f) {
    for (Op& op : graph.ops) {
      f(op.inputs);
      f(op.outputs);
    }
    f(graph.inputs);
    f(graph.outputs);
    for (Variable& v : graph.variables) {
      std::vector<int> ends{v.before, v.after};
      f(ends);
      v.before = ends[0], v.after = ends[1];
    }
  };
  for_each_list(mark);
  std::vector<int> number(graph.tensors.size(), -1);
  std::vector<Tensor> kept;
  for (size_t t = 0; t < graph.tensors.size(); ++t) {
    if (!used[t]) continue;
    number[t] = static_cast<int>(kept.size());
    kept.push_back(std::move(graph.tensors[t]));
  }
  graph.tensors = std::move(kept);
  for_each_list([&](std::vector<int>& list) {
    for (int& t : list) {
      if (t >= 0) t = number[t];
    }
  });
  return graph;
}

}  // namespace shoal
