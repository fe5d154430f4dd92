// Float graphs of one operator, for tests.
#pragma once

#include <utility>
#include <vector>

#include "host/base/floats.h"
#include "host/oracle/float/float_oracle.h"

namespace shoal {

using Floats = std::vector<float>;

inline Tensor float_tensor(Shape shape) {
  Tensor t;
  t.type = t.file_type = Type::kFloat32;
  t.shape = std::move(shape);
  return t;
}

inline Tensor float_constant(Shape shape, const Floats& values) {
  Tensor t = float_tensor(std::move(shape));
  t.constant = true;
  t.data = bytes_of(values);
  return t;
}

// Operands that are no constants are the graph's inputs.
inline Graph one_operator(OpKind kind, std::vector<Tensor> in,
                          std::vector<Tensor> out, Attr attr = {}) {
  Graph graph;
  graph.name = "one";
  Op op{kind, {}, {}, std::move(attr)};
  const auto add = [&](Tensor t) {
    graph.tensors.push_back(std::move(t));
    return static_cast<int>(graph.tensors.size()) - 1;
  };
  for (Tensor& t : in) {
    const bool constant = t.constant;
    op.inputs.push_back(add(std::move(t)));
    if (!constant) graph.inputs.push_back(op.inputs.back());
  }
  for (Tensor& t : out) op.outputs.push_back(add(std::move(t)));
  graph.outputs = op.outputs;
  graph.ops = {op};
  return graph;
}

inline Floats run_once(const Graph& graph, const Floats& input) {
  FloatOracle oracle(graph);
  oracle.run(input);
  return oracle.output();
}

}  // namespace shoal
