#include "host/model/export/functions.h"

#include <cstring>
#include <utility>

#include "host/model/graph/operators.h"

namespace shoal {
namespace {

class FunctionWriter {
 public:
  explicit FunctionWriter(Graph graph) : graph_(std::move(graph)) {}

  Graph run() && {
    std::vector<Op> ops = std::move(graph_.ops);
    graph_.ops.clear();
    for (Op& op : ops) {
      const auto* alpha = std::get_if<AlphaAttr>(&op.attr);
      if (op.kind == OpKind::kFunction) {
        write(op);
      } else if (alpha != nullptr && alpha->is_real) {
        write_real(op, *alpha);
      } else {
        graph_.ops.push_back(std::move(op));
      }
    }
    return std::move(graph_);
  }

 private:
  const Tensor& at(int t) const {
    return graph_.tensors[static_cast<size_t>(t)];
  }

  int add(Tensor tensor) {
    graph_.tensors.push_back(std::move(tensor));
    return static_cast<int>(graph_.tensors.size()) - 1;
  }

  void emit(OpKind kind, std::vector<int> inputs, int output, Attr attr = {}) {
    graph_.ops.push_back({kind, std::move(inputs), {output}, std::move(attr)});
  }

  // A real tensor of the function's shape.
  int between(int output, const char* part, size_t number) {
    Tensor t;
    t.name = at(output).name + part + std::to_string(number);
    t.type = t.file_type = Type::kFloat32;
    t.shape = at(output).shape;
    return add(std::move(t));
  }

  int constant(int output, size_t number, float value) {
    Tensor t;
    t.name = at(output).name + "/constant" + std::to_string(number);
    t.type = t.file_type = Type::kFloat32;
    t.shape = {1};
    t.constant = true;
    t.data.resize(sizeof value);
    std::memcpy(t.data.data(), &value, sizeof value);
    return add(std::move(t));
  }

  // An operator of bytes that the file has in float32.
  void write_real(const Op& op, const AlphaAttr& alpha) {
    const int output = op.outputs[0];
    const int x = between(output, "/real", 0), y = between(output, "/step", 1);
    emit(OpKind::kDequantize, op.inputs, x);
    emit(op.kind, {x}, y, AlphaAttr{alpha.value});
    emit(OpKind::kQuantize, {y}, output);
  }

  void write(const Op& op) {
    const auto& f = std::get<FunctionAttr>(op.attr);
    const int output = op.outputs[0];
    const bool bytes = at(output).type != Type::kFloat32;
    std::vector<int> values = op.inputs;
    if (bytes) {
      values[0] = between(output, "/real", 0);
      emit(OpKind::kDequantize, op.inputs, values[0]);
    }
    std::vector<int> constants;
    for (const float value : f.constants) {
      constants.push_back(constant(output, constants.size(), value));
    }
    for (const Op& step : f.steps) {
      std::vector<int> inputs;
      for (const int n : step.inputs) {
        inputs.push_back(n < 0 ? constants[static_cast<size_t>(-1 - n)]
                               : values[static_cast<size_t>(n)]);
      }
      const bool last = values.size() == f.steps.size();
      values.push_back(
          last && !bytes ? output : between(output, "/step", values.size()));
      emit(step.kind, std::move(inputs), values.back(), step.attr);
    }
    if (bytes) emit(OpKind::kQuantize, {values.back()}, output);
  }

  Graph graph_;
};

}  // namespace

Graph with_steps_of_functions(Graph graph) {
  return FunctionWriter(std::move(graph)).run();
}

}  // namespace shoal
